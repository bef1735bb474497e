"""`python -m simulators.ledger`: see `simulators.command` for the contract."""

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulators.command import main
from simulators.faults import FaultBook
from simulators.ledger import books
from simulators.ledger.faults import LEDGER_FAULTS
from simulators.logins import DEMO_PASSWORD, Expiry

if TYPE_CHECKING:
    from starlette.types import ASGIApp


class LedgerSimulator:
    """The ledger, as the shared command line runs it."""

    name = "ledger"
    faults = LEDGER_FAULTS

    def add_arguments(self, serve: argparse.ArgumentParser) -> None:
        """Add password and session expiry."""
        password = os.environ.get("LEDGER_PASSWORD", DEMO_PASSWORD)
        serve.add_argument("--password", default=password, help="of every user")
        serve.add_argument("--session-seconds", type=float, help="a session lasts this long")
        serve.add_argument("--session-requests", type=int, help="a session lasts so many pages")
        serve.add_argument("--sessions", type=int, help="so many at a time; a login beyond them ends the oldest")

    def reset(self, db: Path, *, seed: int, data: Mapping[str, Any] | None) -> None:
        """Fill the ledger's file."""
        books.reset(db, seed=seed, data=data)

    def is_filled(self, db: Path) -> bool:
        """Say whether the file holds suppliers."""
        return books.is_filled(db)

    def snapshot(self, db: Path, *, times: bool) -> dict[str, Any]:
        """Return vouchers and logins tried."""
        return books.snapshot(db, times=times)

    def fault_book(self, db: Path) -> FaultBook:
        """Open the faults kept in the file."""
        return books.fault_book(db)

    def application(self, options: argparse.Namespace) -> "ASGIApp":
        """Return the pages for the file."""
        from simulators.ledger.app import LedgerPages  # only serving needs pages

        expiry = Expiry(seconds=options.session_seconds, requests=options.session_requests, most=options.sessions)
        return LedgerPages(options.db, password=options.password, expiry=expiry).application()


if __name__ == "__main__":
    sys.exit(main(LedgerSimulator()))
