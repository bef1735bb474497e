"""Whether an installation is ready: each part can be the one that is not."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from audit.errors import EvidenceUnavailable
from audit.keys import Keyring
from audit.sealer import seal
from core.clock import FakeClock
from core.health import measured, readiness
from core.health.beat import Beat
from core.health.readiness import Around, Part, look_around, parts_of
from core.store import Database
from core.store.pulse import AtHand
from core.testing.stage import NOON
from tests.core.store.filled import fill

MINUTE = timedelta(minutes=1)
WELL = Beat(at=NOON, since=NOON, scheduler=NOON, verified=NOON)
STILL = AtHand(item_id=7, bot="clerk", worker="here:1:a", lease_until=NOON, moved_at=NOON - MINUTE)


@pytest.fixture
def around(database: Database, tmp_path: Path) -> Around:
    """What a new installation stands on."""
    return Around(
        var=tmp_path / "var",
        keys=lambda: Keyring.open(tmp_path / "keys"),
        probe_evidence=lambda: None,
        database=database,
    )


def by_name(parts: tuple[Part, ...]) -> dict[str, Part]:
    """Return the parts by name; none may stand there twice."""
    named = {part.part: part for part in parts}
    assert len(named) == len(parts)
    return named


def test_where_all_is_well_every_part_is_good() -> None:
    """A store that was just written to, a scheduler and a trail that was verified today."""
    assert [(part.part, part.good) for part in parts_of(WELL, age=1)] == [
        ("store", True),
        ("scheduler", True),
        ("items", True),
        ("trail", True),
    ]


@pytest.mark.parametrize(
    ("beat", "age", "part", "says"),
    [
        (None, 0, "store", "not looked at yet"),
        (WELL, 31, "store", "has not answered for 31 s"),
        (Beat(at=NOON, trouble="the store does not answer: locked"), 1, "store", "the store does not answer: locked"),
        (Beat(at=NOON, since=NOON), 1, "scheduler", "has given no sign yet"),
        (Beat(at=NOON + 4 * MINUTE, since=NOON, scheduler=NOON), 1, "scheduler", "2026-03-02T12:00:00Z"),
        (Beat(at=NOON, since=NOON, still=(STILL,)), 1, "items", "item 7 of clerk since 2026-03-02T11:59:00Z"),
        (Beat(at=NOON, since=NOON, verified=NOON - timedelta(days=4)), 1, "trail", "2026-02-26T12:00:00Z"),
    ],
)
def test_what_is_wrong_is_told(beat: Beat | None, age: float, part: str, says: str) -> None:
    """The part is not good, and its sentence has the instant or the reason."""
    found = by_name(parts_of(beat, age=age))[part]
    assert (found.good, says in found.says) == (False, True), found


def test_a_new_installation_is_ready(around: Around) -> None:
    """Nothing was verified, no browser was needed, and the folder is not there yet: all that is well."""
    assert {part.part for part in look_around(around) if part.good} == {"disk", "keys", "evidence", "browser"}
    assert by_name(parts_of(Beat(at=NOON, since=NOON, scheduler=NOON), age=1))["trail"].good


def test_a_disk_that_is_nearly_full(around: Around, monkeypatch: pytest.MonkeyPatch) -> None:
    """With less room than a run may need to store its end, nothing should be begun."""
    monkeypatch.setattr(readiness, "LEAST_DISK", measured.free_disk(around.var) * 2)
    assert not by_name(look_around(around))["disk"].good


def test_evidence_that_cannot_be_kept(around: Around) -> None:
    """Nothing is done without evidence."""

    def refuse() -> None:
        raise EvidenceUnavailable("s3://evidence", "no route to host")

    found = by_name(look_around(_with(around, probe_evidence=refuse)))["evidence"]
    assert (found.good, "no route to host" in found.says) == (False, True)


def test_keys_that_are_gone_or_not_those_that_signed(around: Around, database: Database, clock: FakeClock) -> None:
    """A key that cannot be read, or another host's trail."""
    fill(database, clock)
    with database.engine.connect() as connection:
        seal(connection, now=database.now(), keys=around.keys(), checkpoint=True)
    assert by_name(look_around(around))["keys"].good
    folder = around.var.parent / "others"
    others = by_name(look_around(_with(around, keys=lambda: Keyring.open(folder))))["keys"]
    assert (others.good, "which is not here" in others.says) == (False, True)
    for key in (around.var.parent / "keys").glob("*.key"):
        key.unlink()
    lost = by_name(look_around(around))["keys"]
    assert (lost.good, "cannot be read" in lost.says) == (False, True)


def test_a_browser_that_is_gone(around: Around) -> None:
    """One that was found before must still be there; a note nobody can read is made anew by the next to need one."""
    around.var.mkdir()
    note, program = around.var / "browser.json", around.var / "chromium"
    note.write_text(json.dumps({"file": str(program), "version": "140.0"}))
    lost = by_name(look_around(around))["browser"]
    assert (lost.good, "understudy browser --again" in lost.says) == (False, True)
    program.touch()
    found = by_name(look_around(around))["browser"]
    assert (found.good, "140.0, tested at" in found.says) == (True, True)
    note.write_text("{")
    assert by_name(look_around(around))["browser"].good


def _with(around: Around, **changed: Callable[..., Any]) -> Around:
    kept = {name: getattr(around, name) for name in ("var", "keys", "probe_evidence", "database")}
    return Around(**{**kept, **changed})
