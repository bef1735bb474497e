"""The command: ``python -m simulators.documents make --out DIR --seed N``."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, date, datetime
from pathlib import Path

from simulators.documents.desk import Desk
from simulators.documents.document import Document
from simulators.documents.layouts import LAYOUTS
from simulators.documents.make import make
from simulators.documents.plan import EXTRA_KINDS, KINDS, SMALLEST, plan_clean, plan_kind, plan_set
from simulators.documents.printer import Printer


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    command = argparse.ArgumentParser(prog="python -m simulators.documents", description=__doc__)
    verbs = command.add_subparsers(dest="verb", required=True)
    verb = verbs.add_parser("make", help="write an inbox of invoices, the truth and the ledger's data")
    verb.add_argument("--out", type=Path, required=True, help="folder to write; its inbox must be empty")
    verb.add_argument("--seed", type=int, required=True, help="the same seed and day give the same set")
    verb.add_argument("--count", type=int, default=64, help=f"documents; a usual set needs {SMALLEST}")
    verb.add_argument("--browser", help="Chromium to print with (Playwright's own when not given)")
    verb.add_argument("--as-of", type=date.fromisoformat, help="the set's today, YYYY-MM-DD (today)")
    verb.add_argument("--only", choices=["clean"], help="clean documents only")
    verb.add_argument("--kind", choices=sorted({**KINDS, **EXTRA_KINDS}), help="documents of one fault")
    verb.add_argument("--layout", choices=sorted(LAYOUTS), action="append", help="of this layout; may repeat")
    verb.add_argument("--ruled", action="store_true", help="of all layouts with ruled tables")
    return command


def planned(options: argparse.Namespace, desk: Desk) -> list[Document]:
    """Plan what the options ask for."""
    layouts = tuple(options.layout or ())
    if options.ruled:
        layouts += tuple(name for name, layout in LAYOUTS.items() if layout.ruled)
    if options.kind:
        return plan_kind(desk, options.count, options.kind, layouts or None)
    if layouts or options.only:
        return plan_clean(desk, options.count, layouts or tuple(LAYOUTS))
    return plan_set(desk, options.count)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 0 when written, 2 when the wish cannot be met."""
    options = parser().parse_args(arguments)
    desk = Desk(options.seed, options.as_of or datetime.now(UTC).date())
    try:
        documents = planned(options, desk)
        with Printer(options.browser, desk.as_of) as printer:
            make(documents, options.out, desk=desk, seed=options.seed, printer=printer)
    except (ValueError, FileExistsError) as error:
        print(f"documents: {error}", file=sys.stderr)
        return 2
    print(f"{len(documents)} documents in {options.out / 'inbox'}, truth.json and ledger.json beside it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
