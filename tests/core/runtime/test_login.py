"""Logging in: one worker at a time, and one refusal is the last attempt of all of them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.clock import Clock
from core.errors import LoginFailed
from core.model.items import WorkItem
from core.model.runs import ExitCode
from core.runtime import Context
from core.store import Database, holds
from core.target import Target, TargetSettings
from core.testing import Stage
from tests.core.cast import numbered, simulated, staged


class Book(Target):
    """A target that asks for a password before each item."""

    name = "book"
    tries: int = 0
    right: str = "right"

    @contextmanager
    def session(self) -> Iterator[None]:
        """Sign in."""
        with self.access.login_turn():
            Book.tries += 1
            if self.access.secret("password").reveal() != self.right:
                raise LoginFailed("The book refused the password.")
        yield


@pytest.fixture(autouse=True)
def _fresh() -> None:
    Book.tries = 0


def process(item: WorkItem, ctx: Context[Any]) -> str:
    """Open the book and close it."""
    with ctx.target(Book):
        return "fine"


def guarded(*, secret: str = "book_password") -> TargetSettings:
    """Return the book's settings with the name of its password."""
    return replace(simulated(), secrets={"password": secret})


def test_a_right_password_lets_everything_through() -> None:
    """The turn is given back after each login."""
    with staged(process, items=numbered(*"ab"), targets=[guarded()], secrets={"book_password": "right"}) as stage:
        assert stage.run().outcomes == {"done": 2}
        assert Book.tries == 2


def test_a_refused_login_holds_the_target_until_somebody_lets_go() -> None:
    """One attempt, whatever the queue; after the release, with the password mended, the items are all there."""
    with staged(process, items=numbered(*"abc"), targets=[guarded()], secrets={"book_password": "wrong"}) as stage:
        report = stage.run()
        assert (report.exit_code, report.outcomes, Book.tries) == (ExitCode.CREDENTIALS, {"retry": 1}, 1)
        assert stage.run().exit_code is ExitCode.CREDENTIALS
        assert Book.tries == 1
        _mend(stage)
        assert stage.run().states == {"done": 3}


def _mend(stage: Stage) -> None:
    stage._environment["UNDERSTUDY_SECRET_BOOK_PASSWORD"] = "right"
    with stage.database.transaction(actor="person:anna") as tx:
        assert holds.release(tx, "target", "book", by="person:anna")


@pytest.mark.parametrize("settings", [simulated(), guarded(secret="not_there")])
def test_a_secret_that_is_not_there_stops_the_run_as_a_mistake_of_configuration(settings: TargetSettings) -> None:
    """No item fails for it, and nothing is tried at the target."""
    with staged(process, items=numbered(*"ab"), targets=[settings]) as stage:
        report = stage.run()
        assert (report.exit_code, report.states) == (ExitCode.CONFIGURATION, {"pending": 2})
        assert "book" in str(report.stopped) or "not_there" in str(report.stopped)


def test_a_target_that_the_table_does_not_name_is_refused() -> None:
    """The bot's `targets` in bots.toml say what it may open."""
    with staged(process, items=numbered("a"), targets=[]) as stage:
        report = stage.run()
        assert report.exit_code is ExitCode.CONFIGURATION
        assert "'book'" in str(report.stopped)


def test_workers_that_wait_for_the_turn_do_not_try_after_a_refusal(tmp_path: Path) -> None:
    """Four workers at the same door, on one store."""
    shared = Database.open(f"sqlite:///{tmp_path}/shared.db", clock=Clock())

    def work(number: int) -> ExitCode:
        with staged(
            process,
            items=numbered(f"item-{number}"),
            targets=[guarded()],
            secrets={"book_password": "wrong"},
        ) as stage:
            stage.database.close()
            stage.database = shared
            return stage.run().exit_code

    with ThreadPoolExecutor(4) as pool:
        codes = list(pool.map(work, range(4)))
    shared.close()
    assert codes == [ExitCode.CREDENTIALS] * 4
    assert Book.tries <= 2
