"""The same bot on the ledger through a real browser: crashes, a wrong password, and modes that do not act."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios import harness, ledgers

TOGETHER = 2  # installations at a time
QUIET = {"settle": "300ms", "linger": "4s"}  # nothing comes late where nothing is wrong
WORKERS = 4


@dataclass(frozen=True, kw_only=True)
class Crash:
    """What a crash at one boundary and the run after it left."""

    boundary: str
    killed: bool
    code: int
    vouchers: list[dict[str, Any]]
    trail: tuple[str, ...]


def crashed(folder: Path, *, at: int, boundary: str) -> Crash:
    """Kill the bot at one boundary, start it again, and look at the ledger."""
    with ledgers.office(folder, **QUIET) as office:
        first = office.run(kill_at=at)
        last = office.run()
        return Crash(
            boundary=f"{at} {boundary}",
            killed=first.code == harness.KILLED,
            code=last.code,
            vouchers=office.vouchers(),
            trail=harness.trail(folder).problems,
        )


def test_killed_at_every_boundary_the_ledger_is_the_same(tmp_path: Path) -> None:
    """Before and after each step, look and search, at the click, and after it before the receipt."""
    with ledgers.office(tmp_path / "undisturbed", **QUIET) as office:
        names = harness.boundaries(office.folder, "posting")
        undisturbed = office.vouchers()
    assert len(undisturbed) == 1
    assert {"effect at the click", "effect post before receipt", "look supplier after", "step read after"} <= set(names)
    with ThreadPoolExecutor(TOGETHER) as pool:
        jobs = [
            pool.submit(crashed, tmp_path / f"killed-{at}", at=at, boundary=name)
            for at, name in enumerate(names, start=1)
            if name.startswith(("step", "look", "effect"))  # the others touch no browser: see test_crashes
        ]
        crashes = [job.result() for job in jobs]
    wrong = [
        crash for crash in crashes if not crash.killed or crash.code or crash.vouchers != undisturbed or crash.trail
    ]
    assert wrong == []


def test_four_workers_with_a_wrong_password_try_it_at_most_twice(tmp_path: Path) -> None:
    """The first refusal holds the target for all of them; a later run does not try at all."""
    rows = [f"100001,RD-{number},2026-02-03,100.00,20.00,120.00,Paper" for number in range(8)]
    with ledgers.office(tmp_path / "office", rows=rows) as office:
        office.ledger.faults("wrong-password")
        with ExitStack() as started:
            workers = [started.enter_context(harness.started(office.folder, "posting")) for _ in range(WORKERS)]
            told = [worker.ended(harness.MOST) for worker in workers]
        assert 1 <= office.logins() <= 2, told
        assert {one.code for one in told} == {40}, told
        story = office.story()
        assert story["holds"] == [("target", "ledger", "LOGIN_FAILED")]
        assert {state for state, _ in story["items"].values()} == {"pending"}
        before = office.logins()
        assert office.run().code == 40
        assert (office.logins(), office.vouchers()) == (before, [])


@pytest.mark.parametrize(("mode", "more"), [("shadow", []), ("auto", ["dry"])])
def test_shadow_and_dry_run_leave_the_ledger_untouched(tmp_path: Path, mode: str, more: list[str]) -> None:
    """The plan is made, with everything looked up; nothing is entered."""
    with ledgers.office(tmp_path / "office", rows=ledgers.ROWS, mode=mode) as office:
        ended = office.run(*more)
        assert (ended.code, ended.said["outcomes"]) == (0, {"planned": 2}), ended
        assert office.vouchers() == []
