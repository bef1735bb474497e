"""What the demonstrations share: invented documents and a ledger, made once, and a comparison with a careful clerk.

What is made lies in `var/` of an installation. At the end each document's fate is compared with what a clerk who reads
well would have done with it, and the ledger is asked whether it holds anything twice.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from understudy.shown.paper import Paper, Style

if TYPE_CHECKING:
    from core.installation import Installation

BOT = "invoices"
TARGET = "ledger"


def require_stand_in(installation: "Installation") -> None:
    """Raise ConfigError unless bots.toml has the bot and its stand-in."""
    from core.errors import ConfigError

    target = installation.config.file.targets.get(TARGET)
    if BOT not in installation.config.file.bots or target is None or target.serve is None:
        needed = f"[bots.{BOT}] and a stand-in as [targets.{TARGET}] (serve = ...)"
        raise ConfigError([f"the demo needs {needed} in bots.toml; run it in Understudy's own folder"])


def prepare(installation: "Installation", *, count: int, seed: int) -> None:
    """Make documents, ledger and logins that are not there yet; each appears whole or not at all."""
    var = installation.var
    folder = var / "demo"
    if not (folder / "truth.json").is_file():
        _make_documents(installation, folder, count=count, seed=seed)
    books = installation.standins.database(TARGET)
    if not books.is_file():
        books.parent.mkdir(parents=True, exist_ok=True)
        fresh = books.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        simulator(TARGET, "reset", "--db", str(fresh), "--seed", str(seed), "--data", str(folder / "ledger.json"))
        fresh.rename(books)
    for name, value in _logins().items():
        secret = var / "secrets" / name
        if not secret.is_file():
            secret.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            secret.touch(mode=0o600)
            secret.write_text(value, encoding="utf-8")


def _make_documents(installation: "Installation", folder: Path, *, count: int, seed: int) -> None:
    from core.browser import find_browser

    found = find_browser(cache=installation.var / "browser.json", install=True)
    fresh = folder.with_name("demo.new")
    shutil.rmtree(fresh, ignore_errors=True)
    browser = [] if found.executable is None else ["--browser", str(found.executable)]
    simulator("documents", "make", "--out", str(fresh), "--seed", str(seed), "--count", str(count), *browser)
    # As if they had arrived one a second, the last a minute ago: nobody is still writing to them.
    arrived = sorted((fresh / "inbox").iterdir())
    for age, path in enumerate(reversed(arrived), start=60):
        os.utime(path, (time.time() - age, time.time() - age))
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)


def _logins() -> Mapping[str, str]:
    from simulators.logins import DEMO_PASSWORD

    return {"ledger_user": "robot", "ledger_password": DEMO_PASSWORD}


def simulator(name: str, *arguments: str) -> str:
    """Run one command of a simulator and return what it prints; raise PortalUnavailable when it fails."""
    from core.errors import PortalUnavailable

    command = [sys.executable, "-m", f"simulators.{name}", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        last = (ended.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise PortalUnavailable(f"`python -m simulators.{name} {arguments[0]}` ended with {ended.returncode}: {last}")
    return ended.stdout


def show_documents(installation: "Installation", paper: Paper) -> int:
    """Compare each document's fate with the clerk's; return how many differ without a person having decided."""
    inbox = installation.var / "demo" / "inbox"
    documents = json.loads((inbox.parent / "truth.json").read_text(encoding="utf-8"))["documents"]
    fates = _fates(installation)
    tally: dict[tuple[str, str], list[int]] = {}
    differing = []
    for one in documents:
        fate = fates.get(hashlib.sha256((inbox / one["file"]).read_bytes()).hexdigest(), _NOWHERE)
        wanted = _WANTED[one["outcome"]]
        right = fate.decided or fate.state == (_WANTED["post"] if one["outcome"] == "duplicate" else wanted)
        counted = tally.setdefault((one["kind"], wanted), [0, 0])
        counted[0] += 1
        counted[1] += right
        if not right:
            differing.append(f"{one['file']} ({one['kind']}): expected {wanted}, found {fate.state} {fate.code}")
    paper.heading("Documents, against what a careful clerk would have done")
    rows = [(kind, wanted, made, ended) for (kind, wanted), (made, ended) in sorted(tally.items())]
    paper.table(("kind", "expected", "documents", "so it ended"), rows)
    for sentence in differing:
        paper.line(f"DIFFERS: {sentence}", style=Style.BAD)
    return len(differing) + _show_ledger(installation, paper)


def _show_ledger(installation: "Installation", paper: Paper) -> int:
    """Say what the ledger holds; return how many vouchers are there twice."""
    books = installation.standins.database(TARGET)
    vouchers = json.loads(simulator(TARGET, "snapshot", "--db", str(books), "--json"))["vouchers"]
    references = [one["reference"] for one in vouchers]
    twice = len(references) - len(set(references))
    paper.line(f"The ledger holds {len(references)} vouchers; entered twice: {twice}.")
    return twice


_WANTED = {"post": "entered", "review": "with a person", "wait": "waits for a date", "duplicate": "known already"}
_STATES = {
    "done": "entered",
    "in_review": "with a person",
    "pending": "waits for a date",
    "cancelled": "cancelled",
    "failed": "failed",
}


class _Fate(NamedTuple):
    """What became of a document."""

    state: str
    decided: bool  # a person has decided on it
    code: str


_NOWHERE = _Fate("not in the store", False, "")


def _fates(installation: "Installation") -> dict[str, _Fate]:
    """Return what became of each document, by the hash of its bytes."""
    from core.store import items, reviews

    with installation.database.reading() as tx:
        return {
            row.reference: _Fate(
                _STATES.get(row.state, row.state),
                any(task.resolution is not None for task in reviews.of_item(tx, row.id)),
                row.code or "",
            )
            for row in items.all_of(tx, BOT)
        }


def show_trail(installation: "Installation", paper: Paper) -> bool:
    """Say whether the trail is whole, and return it."""
    from audit.verify import verify

    installation.seal(checkpoint=True)
    with installation.database.reading() as tx:
        report = verify(tx.connection, public_keys=installation.keys.public_keys())
    paper.line(
        f"The trail of {report.events} events is whole."
        if report.whole
        else f"THE TRAIL IS NOT WHOLE: {report.problems[0]}"
    )
    return report.whole


def show_where(installation: "Installation", paper: Paper) -> None:
    """Say what to type next and where things are."""
    from core.store import reviews

    with installation.database.reading() as tx:
        first: Any = next(reviews.waiting(tx, bot=BOT), None)
    paper.heading("What to try next")
    if first is not None:
        paper.typed(f"understudy review show {first.id}")
    paper.typed("understudy trail verify")
    paper.line("The ledger, to look at in a browser (user clerk; it prints its address):")
    paper.typed(f"python -m simulators.{TARGET} serve --db {installation.standins.database(TARGET)}")
    paper.line(
        f"Documents and their truth are in {installation.var / 'demo'}; pictures of every entry in the evidence."
    )
