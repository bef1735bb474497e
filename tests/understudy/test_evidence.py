"""Where evidence is kept: wherever bots.toml says, encrypted when it names a key, and nothing is done without it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from audit.verify import verify
from core.installation import Installation
from tests.audit.places import FrailFileSystem
from tests.understudy.conftest import TOML, Desk

SECRET = "a secret that only this office has"


@pytest.fixture
def frail() -> Iterator[type[FrailFileSystem]]:
    """A remote store that can be down."""
    FrailFileSystem.mended()
    yield FrailFileSystem
    FrailFileSystem.mended()


def _keeping(desk: Desk, place: str, *, key: str | None = None, attempts: int = 3) -> None:
    """Let the bot keep a picture right before it sends, in a place of our choice."""
    bot = desk.folder / "bots" / "clerk" / "bot.py"
    picture = '    ctx.evidence("note", b"a picture of " + note.text.encode(), media_type="image/jpeg")\n'
    bot.write_text(bot.read_text().replace("    return ctx.effect(", picture + "    return ctx.effect(", 1))
    lines = f'profile = "test"\nevidence = "{place}"\n' + (f'evidence_key = "{key}"\n' if key else "")
    text = TOML.replace('profile = "test"\n', lines, 1)
    desk.toml(text.replace("attempts = 1", f'attempts = {attempts}\nbackoff = "0s"\nstop_after = 1'))


def _secret(desk: Desk, value: str) -> None:
    folder = desk.folder / "var" / "secrets"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "evidence_key").write_text(value)


def _mending(desk: Desk) -> list[str]:
    said = desk.type("check", "--json")
    assert said.code == 50, said.out
    return [one["says"] for one in said.json["findings"] if not one["good"]]


def test_evidence_goes_where_bots_toml_says(desk: Desk, frail: type[FrailFileSystem]) -> None:
    """A run keeps its pictures in the place named, and the trail says which bytes they are."""
    _keeping(desk, "frail://office/evidence")
    desk.note("n1", "tea")
    assert desk.type("run", "clerk").code == 0
    ((path, file),) = frail.store.items()
    assert file.getvalue() == b"a picture of tea"
    with Installation.open(desk.folder) as installation, installation.database.reading() as tx:
        bodies = tx.connection.exec_driver_sql("SELECT body FROM trail_event WHERE action = 'evidence.stored'")
        (body,) = bodies.scalars()
    assert path.rpartition("/")[2] in body


def test_without_its_evidence_nothing_is_sent(desk: Desk, frail: type[FrailFileSystem]) -> None:
    """While the store is down the item waits and the bot is held with the reason; afterwards it is sent once."""
    _keeping(desk, "frail://office/evidence")
    desk.note("n1", "tea")
    frail.down = True
    said = desk.type("run", "clerk")
    assert said.code != 0
    assert "evidence cannot be kept in or read from frail://office/evidence" in said.out
    assert desk.outbox() == []
    frail.down = False
    desk.type("release", "bot", "clerk")
    assert desk.type("run", "clerk").code == 0
    assert desk.outbox() == ["n1 tea"]


def test_with_a_key_evidence_is_encrypted_where_it_lies(desk: Desk, frail: type[FrailFileSystem]) -> None:
    """The key is a secret named in bots.toml; it is in no log, and whoever reviews sees the picture as it was."""
    _keeping(desk, "frail://office/evidence", key="evidence_key")
    _secret(desk, SECRET)
    desk.note("n1", "tea")
    assert desk.type("run", "clerk").code == 0
    ((path, file),) = frail.store.items()
    assert b"picture" not in file.getvalue()
    with Installation.open(desk.folder) as installation:
        assert installation.evidence.get(path.rpartition("/")[2]) == b"a picture of tea"
    logs = "".join(log.read_text() for log in (desk.folder / "var" / "logs").rglob("*") if log.is_file())
    assert SECRET not in logs
    said = desk.type("check")
    assert "encrypted with evidence_key" in said.out
    assert SECRET not in said.out


@pytest.mark.parametrize("place", ["s3://bucket/evidence", "sky://evidence"])
def test_a_place_that_cannot_be_opened_is_told_before_anything_runs(desk: Desk, place: str) -> None:
    """`check` and `run` both name the key of bots.toml and what is missing; nothing is sent."""
    _keeping(desk, place)
    desk.note("n1", "tea")
    (problem,) = _mending(desk)
    assert problem.startswith(f"installation.evidence: {place}")
    assert "s3fs" in problem or "sky" in problem
    said = desk.type("run", "clerk")
    assert (said.code, desk.outbox()) == (50, [])
    assert "installation.evidence" in said.err


def test_a_store_that_does_not_answer_is_told_by_check(desk: Desk, frail: type[FrailFileSystem]) -> None:
    """Before a night's work somebody can know that its pictures could not be kept."""
    _keeping(desk, "frail://office/evidence")
    assert desk.type("check").code == 0
    frail.down = True
    (problem,) = _mending(desk)
    assert problem.startswith("installation.evidence: evidence cannot be kept")


def test_a_key_that_is_missing_or_too_short_is_told_by_its_name(desk: Desk) -> None:
    """A missing one is a missing secret (40), a short one a mistake in the configuration (50)."""
    _keeping(desk, "var/evidence", key="evidence_key")
    said = desk.type("check")
    assert said.code == 40
    assert "UNDERSTUDY_SECRET_EVIDENCE_KEY" in said.out
    _secret(desk, "short")
    (problem,) = _mending(desk)
    assert problem.startswith("installation.evidence_key names 'evidence_key'")
    assert "at least 16 bytes" in problem


def test_the_trail_stays_whole_with_evidence_in_it(desk: Desk, frail: type[FrailFileSystem]) -> None:
    """What names evidence is sealed like everything else."""
    _keeping(desk, "frail://office/evidence")
    desk.note("n1", "tea")
    desk.type("run", "clerk")
    with Installation.open(desk.folder) as installation, installation.database.reading() as tx:
        assert verify(tx.connection, public_keys=installation.keys.public_keys()).whole
    assert Path(desk.folder, "var", "evidence").exists() is False
