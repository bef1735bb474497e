"""Writes a demo of a few documents: `python -m tests.understudy.small_demo FOLDER [BROWSER]`."""

import sys
from datetime import UTC, datetime
from pathlib import Path

from simulators.documents.desk import Desk
from simulators.documents.faults import clean, duplicate_number, not_received, order_missing, price_above, two_invoices
from simulators.documents.make import make
from simulators.documents.printer import Printer

SEED = 11


def main() -> None:
    """One of each way a document can go: entered, with a person for two kinds of reason, waiting, sent twice."""
    desk = Desk(SEED, datetime.now(UTC).date())
    documents = [
        clean(desk, "ward"),
        clean(desk, "modern_de", ("factur-x",)),
        *order_missing(desk, "cloud"),
        *price_above(desk, "ward"),
        *not_received(desk, "cloud"),
        *duplicate_number(desk, "strip"),
        *two_invoices(desk, "strip"),
    ]
    with Printer(sys.argv[2] if len(sys.argv) > 2 else None, desk.as_of) as printer:
        make(documents, Path(sys.argv[1]), desk=desk, seed=SEED, printer=printer)


if __name__ == "__main__":
    main()
