"""Verifying what came since a checkpoint: as quick at the end of a long trail as at its beginning."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection, delete, select, update

from audit.checkpoints import Checkpoint, all_checkpoints, newest
from audit.keys import Keyring, rotate
from audit.sealer import seal
from audit.since import Since, verify_since
from audit.tables import trail_checkpoint, trail_event, trail_seal
from audit.trail import instant
from tests.audit.conftest import NOW, write

LATER = NOW + timedelta(minutes=16)


def look(trail: Connection, keys: Keyring, *, number: int = 2, at: timedelta = timedelta(0)) -> Since:
    """Verify what came since a checkpoint."""
    trail.rollback()
    mark = all_checkpoints(trail)[number - 1]
    return since(trail, keys, mark, at=at)


def since(trail: Connection, keys: Keyring, mark: Checkpoint, *, at: timedelta = timedelta(0)) -> Since:
    """Verify what came since a checkpoint that was kept."""
    trail.rollback()
    found = verify_since(trail, checkpoint=mark, public_keys=keys.public_keys(), now=instant(LATER + at))
    trail.rollback()
    return found


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_trail_in_order_gives_its_newest_checkpoint(trail: Connection, keys: Keyring, number: int) -> None:
    """From any checkpoint on: no problems, and the next verification may go on at the newest."""
    found = look(trail, keys, number=number)
    assert found.problems == ()
    assert found.newest == newest(trail)


def test_events_sealed_behind_the_newest_checkpoint_are_followed(trail: Connection, keys: Keyring) -> None:
    """They are in order, and an edit of one of them is found before it is signed."""
    write(trail, range(41, 46), at=LATER)
    seal(trail, now=LATER, keys=keys, checkpoint=False)
    assert look(trail, keys, number=4).problems == ()
    with trail.begin():
        edit(trail, 43)
    assert "event 43 is not what was sealed" in look(trail, keys, number=4).problems[0]


def test_a_key_that_took_over_is_known(trail: Connection, keys: Keyring) -> None:
    """Checkpoints of the key before and of the new one are good."""
    rotate(trail, keys=keys, now=LATER, actor="person:anna")
    seal(trail, now=LATER, keys=keys, checkpoint=True)
    assert look(trail, keys).problems == ()


def edit(trail: Connection, seq: int) -> None:
    """Change what an event says."""
    of = trail_event.c.id == select(trail_seal.c.event_id).where(trail_seal.c.seq == seq).scalar_subquery()
    trail.execute(update(trail_event).where(of).values(body=trail_event.c.body.concat(" ")))


CHEATS = {
    "an event edited": lambda trail: edit(trail, 25),
    "an event removed": lambda trail: trail.execute(delete(trail_event).where(trail_event.c.item_id == 33)),
    "a seal removed": lambda trail: trail.execute(delete(trail_seal).where(trail_seal.c.seq == 25)),
    "the tail cut": lambda trail: trail.execute(delete(trail_seal).where(trail_seal.c.seq > 35)),
    "a checkpoint removed": lambda trail: trail.execute(delete(trail_checkpoint).where(trail_checkpoint.c.number == 3)),
    "a checkpoint edited": lambda trail: trail.execute(
        update(trail_checkpoint).where(trail_checkpoint.c.number == 3).values(at=instant(LATER))
    ),
    "the mark's seal changed": lambda trail: trail.execute(
        update(trail_seal).where(trail_seal.c.seq == 20).values(hash=bytes(32))
    ),
}


@pytest.mark.parametrize("cheat", CHEATS)
def test_what_is_changed_behind_the_mark_is_found(trail: Connection, keys: Keyring, cheat: str) -> None:
    """Each way of cheating is found, and the mark stays where it was, so that it is found again."""
    mark = all_checkpoints(trail)[1]
    trail.rollback()
    with trail.begin():
        CHEATS[cheat](trail)
    found = since(trail, keys, mark)
    assert found.problems
    assert found.newest == mark


def test_an_older_copy_is_found(trail: Connection, keys: Keyring) -> None:
    """A database put back to before the mark no longer holds it."""
    mark = newest(trail)
    assert mark is not None
    trail.rollback()
    with trail.begin():
        trail.execute(delete(trail_checkpoint).where(trail_checkpoint.c.number == 4))
    assert "older copy" in since(trail, keys, mark).problems[0]


def test_what_was_changed_before_the_mark_is_left_to_the_whole_verification(trail: Connection, keys: Keyring) -> None:
    """That is what it costs to be quick."""
    with trail.begin():
        edit(trail, 5)
    assert look(trail, keys).problems == ()


def test_a_sealer_that_is_kept_from_its_work_is_found(trail: Connection, keys: Keyring) -> None:
    """Events that wait for their seal for a quarter of an hour are a problem; for less they are not."""
    write(trail, range(41, 42), at=LATER)
    assert look(trail, keys, at=timedelta(minutes=15)).problems == ()
    (problem,) = look(trail, keys, at=timedelta(minutes=16)).problems
    assert "nothing has been sealed" in problem
