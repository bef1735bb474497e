"""Closed targets, as `understudy run`, `worker`, `queue` and `status` tell of them."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.understudy.conftest import TOML, Desk


@pytest.fixture
def opens() -> datetime:
    """An hour two days ahead."""
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=2)


@pytest.fixture
def closed(desk: Desk, opens: datetime) -> Desk:
    """The office, its outbox closed since yesterday until then."""
    since = opens - timedelta(days=3)
    closed = f'zone = "UTC"\nmaintenance = ["{since:%Y-%m-%d %H:%M}/{opens:%Y-%m-%d %H:%M}"]'
    desk.toml(TOML.replace('settle = "10ms"', f'settle = "10ms"\n{closed}'))
    desk.note("n1", "tea")
    return desk


def test_a_run_outside_the_hours_ends_with_20_and_says_when_it_opens(closed: Desk, opens: datetime) -> None:
    """Nothing is taken in, and nothing is sent."""
    said = closed.type("run", "clerk")
    assert said.code == 20
    assert "outbox is closed: maintenance" in said.out
    assert f"it opens {opens:%a %d %b %Y %H:%M} (UTC); nothing was collected" in said.out
    report = closed.type("run", "clerk", "--json").json
    assert (report["intake"]["offered"], report["items"]) == (0, {})
    assert datetime.fromisoformat(report["goes_on_at"]) == opens
    assert closed.outbox() == []


def test_a_dry_run_is_made_at_any_hour(closed: Desk) -> None:
    """It prints what would be done."""
    report = closed.type("run", "clerk", "--dry-run", "--json").json
    assert (report["exit_code"], len(report["plans"]), report["goes_on_at"]) == (0, 1, None)


def test_a_worker_that_ends_when_idle_says_what_it_left(closed: Desk) -> None:
    """Items of an earlier run wait for the opening; the worker ends all the same, and with 0."""
    toml = (closed.folder / "bots.toml").read_text()
    closed.toml(TOML)
    closed.type("run", "clerk", "--leave-to-workers")
    closed.toml(toml)
    said = closed.type("worker", "--until-idle")
    assert said.code == 0
    assert "Attempts: none." in said.out
    assert "Ended early: outbox is closed: maintenance" in said.out
    assert closed.outbox() == []


@pytest.mark.parametrize("command", ["queue", "status"])
def test_closed_targets_are_shown_with_their_opening(closed: Desk, opens: datetime, command: str) -> None:
    """In words and as data; open ones are not mentioned."""
    said = closed.type(command).out
    assert "Closed: outbox is closed: maintenance" in said
    assert f"it opens {opens:%a %d %b %Y %H:%M} (UTC)" in said
    (one,) = closed.type(command, "--json").json["closed"]
    assert (one["target"], datetime.fromisoformat(one["until"])) == ("outbox", opens)
    closed.toml(TOML)
    assert "Closed" not in closed.type(command).out
    assert closed.type(command, "--json").json["closed"] == []


def test_the_status_tells_that_the_last_run_ended_at_closing_time(closed: Desk) -> None:
    """Not that it should be looked for in holds and failures."""
    closed.type("run", "clerk")
    (why,) = closed.type("status", "--json").json["bots"][0]["last_run"]["why_not_green"]
    assert why.startswith("it ended with 20 while outbox is closed: maintenance")


def test_a_hold_is_told_before_the_hours(closed: Desk) -> None:
    """It needs somebody to lift it."""
    closed.type("hold", "target", "outbox", "--reason", "moving house")
    lines = closed.type("queue").out.splitlines()
    assert [line.partition(":")[0] for line in lines[:3:2]] == ["HELD", "Closed"]


def test_targets_that_are_never_open_together_are_found_before_a_run(closed: Desk) -> None:
    """A bot that could never begin is told by `check`; each target for itself is in order."""
    wrong = 'settle = "10ms"\nopen = ["mon-fri 08:00-18:00"]\n'
    other = '[targets.post]\nprofile = "test"\nsimulator = true\nopen = ["sat 08:00-18:00"]\n\n'
    toml = TOML.replace('settle = "10ms"', wrong).replace("[bots.clerk]", f"{other}[bots.clerk]")
    closed.toml(toml.replace('["outbox"]', '["outbox", "post"]'))
    assert "bots.clerk could never begin: its targets outbox and post are not open together" in _whole(closed)
    closed.toml(toml)
    assert "never begin" not in _whole(closed)


def _whole(desk: Desk) -> str:
    """Return what `check` says, its lines joined."""
    return " ".join(desk.type("check", "--json").out.split())
