"""A ledger in a process of its own, and a bot that posts vouchers in it through a real browser."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.browser import find_browser
from core.store import holds, items, reviews, runs
from simulators.ledger import books
from simulators.process import Running, running
from tests.scenarios import harness

ROOT = harness.HERE.parents[1]
HEAD = "supplier,number,date,net,vat,gross,text\n"
ROWS = (
    "100001,RD-1001,2026-02-03,100.00,20.00,120.00,Copier paper",
    "100008,FP-1002,2026-02-04,50.50,10.10,60.60,Toner",
)


@dataclass(frozen=True, kw_only=True)
class Office:
    """One installation and its ledger."""

    folder: Path
    ledger: Running

    def run(self, *more: str, **options: Any) -> harness.Ended:
        """Run the bot once."""
        return harness.run(self.folder, "posting", *more, **options)

    def vouchers(self) -> list[dict[str, Any]]:
        """Return the ledger's vouchers."""
        found: list[dict[str, Any]] = books.snapshot(self.ledger.db, times=False)["vouchers"]
        return found

    def logins(self) -> int:
        """Return how many logins were tried."""
        return sum(books.snapshot(self.ledger.db, times=False)["login_attempts"].values())

    def story(self) -> dict[str, Any]:
        """Return where the items, questions, holds and attempts stand."""
        database = harness.store(self.folder)
        try:
            with database.reading() as tx:
                rows = list(items.all_of(tx, "posting"))
                return {
                    "items": {row.reference: (str(row.state), row.code) for row in rows},
                    "attempts": {row.reference: [a.code for a in runs.attempts_of(tx, row.id)] for row in rows},
                    "questions": {task.reference: task.question.code for task in reviews.waiting(tx)},
                    "holds": [(row.scope, row.name, row.code) for row in holds.all_active(tx)],
                }
        finally:
            database.close()


@contextmanager
def office(folder: Path, *, rows: Sequence[str] = ROWS[:1], **settings: str | int) -> Iterator[Office]:
    """Set up an installation with its ledger; `settings` replace values of bots.toml by key."""
    harness.copied("ledger", folder)
    (folder / "targets").symlink_to(ROOT / "targets")
    (folder / "vouchers.csv").write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    (folder / "var").mkdir()
    find_browser(cache=folder.parent / "browser.json", install=False)
    (folder / "var" / "browser.json").write_bytes((folder.parent / "browser.json").read_bytes())
    with running("ledger", folder / "ledger.db", seed=7) as ledger:
        harness.set_values(folder / "bots.toml", {"url": ledger.url, **settings})
        yield Office(folder=folder, ledger=ledger)
