"""The command line that all simulators share.

The contract of a simulator NAME:

    python -m simulators.NAME serve --db FILE [--port N] [--seed N] [--data FILE] [--faults NAME[:ARG]...]
    python -m simulators.NAME reset --db FILE --seed N [--data FILE]
    python -m simulators.NAME snapshot --db FILE --json [--times]
    python -m simulators.NAME faults --db FILE [NAME[:ARG]...]

`serve` prints one JSON line, `{"url": ..., "pid": ...}`, when it answers, and runs until SIGTERM. It fills
a new or empty file by the seed and leaves a filled one as it is. `snapshot` prints the business state, for
judging from outside; its `login_attempts` are not compared when a crash is rehearsed. A running simulator
also takes `POST /__faults` with a JSON list of faults; `GET /__faults` shows those left.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from simulators.faults import FaultBook, Kind, UnknownFault

if TYPE_CHECKING:
    from starlette.types import ASGIApp


class Simulator(Protocol):
    """What a simulator gives `main`."""

    name: str
    faults: Mapping[str, Kind]

    def add_arguments(self, serve: argparse.ArgumentParser) -> None:
        """Add the simulator's own options of `serve`."""

    def reset(self, db: Path, *, seed: int, data: Mapping[str, Any] | None) -> None:
        """Empty the file and fill it, from `data` or by the seed."""

    def is_filled(self, db: Path) -> bool:
        """Say whether the file already holds a system's data."""

    def snapshot(self, db: Path, *, times: bool) -> dict[str, Any]:
        """Return the business state."""

    def fault_book(self, db: Path) -> FaultBook:
        """Open the faults kept in the file."""

    def application(self, options: argparse.Namespace) -> "ASGIApp":
        """Return the web application for the file."""


def main(simulator: Simulator, arguments: Sequence[str] | None = None) -> int:
    """Run one command of the contract; returns the exit code."""
    options = _parser(simulator).parse_args(arguments)
    try:
        return _COMMANDS[options.command](simulator, options)
    except UnknownFault as problem:
        print(problem, file=sys.stderr)
        return 2


def _parser(simulator: Simulator) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m simulators.{simulator.name}")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="answer until SIGTERM")
    reset = commands.add_parser("reset", help="empty the file and fill it")
    snapshot = commands.add_parser("snapshot", help="print the business state")
    faults = commands.add_parser("faults", help="put these faults in force, and no others")
    for command in (serve, reset, snapshot, faults):
        command.add_argument("--db", type=Path, required=True)
    for command in (serve, reset):
        command.add_argument("--seed", type=int, default=1, required=command is reset)
        command.add_argument("--data", type=Path, help="JSON to fill the file with instead of the seed")
    serve.add_argument("--port", type=int, default=0, help="0: any free one")
    serve.add_argument("--faults", nargs="*", default=None, metavar="NAME[:ARG]")
    serve.add_argument("--with-parent", action="store_true", help="stop when the starting process is gone")
    simulator.add_arguments(serve)
    snapshot.add_argument("--json", action="store_true", help="the only form there is")
    snapshot.add_argument("--times", action="store_true", help="with the instants, which differ at every run")
    faults.add_argument("names", nargs="*", metavar="NAME[:ARG]")
    return parser


def _reset(simulator: Simulator, options: argparse.Namespace) -> int:
    data = json.loads(options.data.read_text(encoding="utf-8")) if options.data else None
    simulator.reset(options.db, seed=options.seed, data=data)
    return 0


def _snapshot(simulator: Simulator, options: argparse.Namespace) -> int:
    print(json.dumps(simulator.snapshot(options.db, times=options.times), indent=1, ensure_ascii=False))
    return 0


def _faults(simulator: Simulator, options: argparse.Namespace) -> int:
    simulator.fault_book(options.db).replace(options.names)
    return 0


def _serve(simulator: Simulator, options: argparse.Namespace) -> int:
    if not simulator.is_filled(options.db):
        _reset(simulator, options)
    book = simulator.fault_book(options.db)
    if options.faults is not None:
        book.replace(options.faults)
    from simulators.server import serve  # a web server takes its time to load; the other commands do without

    serve(simulator.application(options), book, port=options.port, with_parent=options.with_parent)
    return 0


_COMMANDS = {"serve": _serve, "reset": _reset, "snapshot": _snapshot, "faults": _faults}
