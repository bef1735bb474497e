"""The tamper matrix: what each way of cheating with the trail looks like afterwards, and what cannot be seen."""

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, insert, select, update

from audit.actions import Act
from audit.chain import _says
from audit.checkpoints import Checkpoint, all_checkpoints, anchor, read_anchors, sign
from audit.errors import AuditError
from audit.keys import Keyring, PublicKey, rotate
from audit.personal import commit
from audit.sealer import seal
from audit.tables import trail_checkpoint, trail_commitment, trail_event, trail_seal
from audit.trail import Event, _row, append
from audit.verify import Report, verify
from tests.audit.conftest import NOW, some_event, write

LATER = NOW + timedelta(minutes=16)


def check(connection: Connection, keys: Keyring, *, anchors: Iterable[Checkpoint] = ()) -> Report:
    connection.rollback()
    report = verify(connection, public_keys=keys.public_keys(), anchors=anchors)
    connection.rollback()
    return report


def edit(connection: Connection, seq: int, *, word: str = "cheated") -> None:
    event_id = connection.execute(select(trail_seal.c.event_id).where(trail_seal.c.seq == seq)).scalar_one()
    body = connection.execute(select(trail_event.c.body).where(trail_event.c.id == event_id)).scalar_one()
    new = body.replace("read", word)
    assert new != body
    connection.execute(update(trail_event).where(trail_event.c.id == event_id).values(body=new))


def rehash(connection: Connection) -> None:
    """Compute every hash again, as someone would who can write to the database but has no key."""
    head = bytes(32)
    joined = trail_seal.join(trail_event, trail_event.c.id == trail_seal.c.event_id)
    rows = connection.execute(select(trail_seal.c.seq, trail_event.c.body).select_from(joined).order_by("seq"))
    for seq, body in rows.all():
        head = hashlib.sha256(head + body.encode()).digest()
        connection.execute(update(trail_seal).where(trail_seal.c.seq == seq).values(hash=head))


def resign(connection: Connection, keys: Keyring) -> None:
    """Sign every checkpoint again over the hashes that now stand there."""
    old = all_checkpoints(connection)
    connection.execute(delete(trail_checkpoint))
    last = None
    for checkpoint in old:
        head = connection.execute(select(trail_seal.c.hash).where(trail_seal.c.seq == checkpoint.seq)).scalar_one()
        last = sign(connection, after=last, seq=checkpoint.seq, head=head, now=NOW + timedelta(minutes=15), keys=keys)


def cut(connection: Connection, *, after: int) -> None:
    gone = select(trail_seal.c.event_id).where(trail_seal.c.seq > after)
    connection.execute(delete(trail_event).where(trail_event.c.id.in_(gone)))
    connection.execute(delete(trail_seal).where(trail_seal.c.seq > after))


def give_ids_again(connection: Connection, *, after: int) -> None:
    """Hide from SQLite's own count that events were there."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("UPDATE sqlite_sequence SET seq = ? WHERE name = 'trail_event'", (after,))


def test_an_untouched_trail_is_whole(trail: Connection, keys: Keyring) -> None:
    """Forty events, four checkpoints, no problem."""
    report = check(trail, keys)
    assert report.whole, report.problems
    assert (report.events, report.sealed, report.unsealed, report.checkpoints, report.unsigned) == (40, 40, 0, 4, 0)


def test_events_not_sealed_yet_are_counted(trail: Connection, keys: Keyring) -> None:
    """Fresh events are no problem, but the report says how many are protected by nothing so far."""
    write(trail, range(41, 44), at=LATER)
    report = check(trail, keys)
    assert report.whole
    assert (report.events, report.sealed, report.unsealed) == (43, 40, 3)


def test_an_edited_event_is_named(trail: Connection, keys: Keyring) -> None:
    """One edit gives one problem, at its place."""
    with trail.begin():
        edit(trail, 17)
    (problem,) = check(trail, keys).problems
    assert problem.startswith("sequence 17:")
    assert "edited" in problem


@pytest.mark.parametrize("reference", [None, "INV-41"])
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", "2026-03-02T09:17:00.000000Z"),
        ("actor", "person:anna"),
        ("action", "step.reused"),
        ("bot", None),
        ("bot", 'invoices","details":{"outcome":"done'),
        ("item_id", None),
        ("item_id", 10),
        ("run_id", None),
        ("run_id", 2),
    ],
)
def test_edited_columns_are_named(
    trail: Connection, keys: Keyring, column: str, value: object, reference: str | None
) -> None:
    """The columns people search by must say what the sealed text says."""
    trail.rollback()
    with trail.begin():
        append(trail, [replace(some_event(41, at=LATER), reference=reference)])
    seal(trail, now=LATER, keys=keys, checkpoint=True)
    assert check(trail, keys).whole
    with trail.begin():
        trail.execute(update(trail_event).where(trail_event.c.item_id == 41).values({column: value}))
    (problem,) = check(trail, keys).problems
    assert "sequence 41" in problem
    assert "columns" in problem


_NAMES = st.sampled_from(["invoices", 'a"b', "a\\b", "", "é", 'x","item_id":1,"run_id":1}', '{"bot":"x"}'])
_IDS = st.none() | st.integers(1, 3)


@given(
    actor=_NAMES,
    bot=st.none() | _NAMES,
    item_id=_IDS,
    run_id=_IDS,
    reference=st.none() | _NAMES,
    details=st.dictionaries(st.sampled_from(["item_id", "run_id", "bot", "z"]), _IDS | _NAMES, max_size=3),
    edited=st.dictionaries(st.sampled_from(["bot", "item_id", "run_id"]), st.none() | st.integers(1, 3) | _NAMES),
)
def test_columns_are_compared_as_if_every_text_were_read(
    actor: str,
    bot: str | None,
    item_id: int | None,
    run_id: int | None,
    reference: str | None,
    details: dict[str, Any],
    edited: dict[str, Any],
) -> None:
    """The short way of comparing agrees with reading the text as JSON, whatever stands in it."""
    event = Event(
        at=NOW,
        actor=f"person:{actor}",
        action=Act.STEP_DONE,
        bot=bot,
        item_id=item_id,
        run_id=run_id,
        reference=reference,
        details=details,
    )
    row = dict(zip(("at", "actor", "action", "bot", "item_id", "run_id", "text"), _row(event), strict=True))
    wrong = {name: value for name, value in edited.items() if row[name] != value}
    assert _says(**row)
    assert _says(**{**row, **edited}) == (not wrong)


def test_a_body_that_is_no_longer_json_is_reported(trail: Connection, keys: Keyring) -> None:
    """A body replaced by rubbish is an edit, not a crash of the verifier."""
    with trail.begin():
        trail.execute(update(trail_event).where(trail_event.c.item_id == 9).values(body='{"a":1},{"b":2}'))
    assert check(trail, keys).problems[0].startswith("sequence 9:")


def test_a_deleted_event_is_named(trail: Connection, keys: Keyring) -> None:
    """A seal without its event tells of the removal."""
    with trail.begin():
        trail.execute(delete(trail_event).where(trail_event.c.item_id == 12))
    (problem,) = check(trail, keys).problems
    assert problem.startswith("sequence 12:")
    assert "removed" in problem


def test_an_event_deleted_with_its_seal_is_named(trail: Connection, keys: Keyring) -> None:
    """A hole in the sequence tells of the removal."""
    with trail.begin():
        trail.execute(delete(trail_event).where(trail_event.c.item_id.in_([12, 13])))
        trail.execute(delete(trail_seal).where(trail_seal.c.seq.in_([12, 13])))
    (problem,) = check(trail, keys).problems
    assert problem == "sequences 12 to 13 are missing: events were removed from the trail"


def test_swapped_events_are_called_reordered(trail: Connection, keys: Keyring) -> None:
    """Two events that changed places are recognised as such."""
    with trail.begin():
        trail.execute(update(trail_seal).where(trail_seal.c.seq == 5).values(event_id=-1))
        trail.execute(update(trail_seal).where(trail_seal.c.seq == 30).values(event_id=5))
        trail.execute(update(trail_seal).where(trail_seal.c.seq == 5).values(event_id=30))
    (problem,) = check(trail, keys).problems
    assert problem.startswith("sequence 5: what stands here was sealed as 30: reordered (1 more")


def test_swapped_seals_are_called_reordered(trail: Connection, keys: Keyring) -> None:
    """Events moved together with their seals are recognised too."""
    with trail.begin():
        for old, new in ((5, -5), (30, 5), (-5, 30)):
            trail.execute(update(trail_seal).where(trail_seal.c.seq == old).values(seq=new))
    assert any("reordered" in problem for problem in check(trail, keys).problems)


def test_an_event_pushed_into_the_middle_is_found(trail: Connection, keys: Keyring) -> None:
    """A row added with a well-made hash breaks the next one and the next checkpoint."""
    with trail.begin():
        append(trail, [some_event(99)])
        new = trail.execute(select(trail_event).where(trail_event.c.item_id == 99)).one()
        for seq in range(40, 14, -1):
            trail.execute(update(trail_seal).where(trail_seal.c.seq == seq).values(seq=seq + 1))
        before = trail.execute(select(trail_seal.c.hash).where(trail_seal.c.seq == 14)).scalar_one()
        made = hashlib.sha256(before + new.body.encode()).digest()
        trail.execute(insert(trail_seal).values(seq=15, event_id=new.id, hash=made))
    problems = check(trail, keys).problems
    assert problems[0].startswith("sequence 16:")
    assert "added before it" in problems[0]
    assert any("checkpoint 2 signed" in problem for problem in problems)


def test_an_event_added_with_an_old_date_and_no_seal_is_found(trail: Connection, keys: Keyring) -> None:
    """Slipping in an event from before the newest checkpoint shows, since it should have been sealed long ago."""
    write(trail, range(99, 100), at=NOW - timedelta(hours=2))
    (problem,) = check(trail, keys).problems
    assert "old date" in problem


def test_an_event_added_with_an_old_date_is_found_after_it_was_sealed_too(trail: Connection, keys: Keyring) -> None:
    """The sealer cannot tell who wrote a row, so verifying compares its date with the checkpoint before it."""
    write(trail, range(99, 100), at=NOW - timedelta(days=3))
    seal(trail, now=LATER, keys=keys, checkpoint=True)
    (problem,) = check(trail, keys).problems
    assert "before checkpoint 5 an event of 2026-02-27" in problem
    assert "old date" in problem


def test_an_event_dated_ahead_is_found(trail: Connection, keys: Keyring) -> None:
    """A checkpoint cannot sign what happens days later."""
    write(trail, range(99, 100), at=LATER + timedelta(days=3))
    seal(trail, now=LATER, keys=keys, checkpoint=True)
    (problem,) = check(trail, keys).problems
    assert "a date to come" in problem


def test_a_sealer_that_was_stopped_is_noticed(trail: Connection, keys: Keyring) -> None:
    """Events that go on and on without a seal mean that somebody keeps the sealer from its work."""
    write(trail, range(41, 42), at=LATER)
    assert check(trail, keys).whole
    write(trail, range(42, 43), at=LATER + timedelta(minutes=20))
    (problem,) = check(trail, keys).problems
    assert problem.startswith("from event 41 on nothing has been sealed since")


def test_an_event_removed_before_it_was_sealed_leaves_its_number(trail: Connection, keys: Keyring) -> None:
    """SQLite gives no id in vain, so a missing one is told; a server does, and there it cannot be."""
    write(trail, range(41, 44), at=LATER)
    with trail.begin():
        trail.execute(delete(trail_event).where(trail_event.c.item_id == 43))
    problems = check(trail, keys).problems
    if trail.dialect.name == "sqlite":
        assert problems == ("1 of 43 events were removed, before they were sealed or together with their seals",)
    else:
        assert problems == ()


def test_personal_data_removed_without_a_word_is_found(trail: Connection, keys: Keyring) -> None:
    """Erasing leaves its row and an event; taking the row away leaves the events that name it."""
    trail.rollback()
    with trail.begin():
        token = commit(trail, "Ada Example", kind="patient name", now=LATER)
        append(trail, [Event(at=LATER, actor="system:test", action=Act.LOOK_MADE, details={"who": token})])
    seal(trail, now=LATER, keys=keys, checkpoint=True)
    assert check(trail, keys).whole
    with trail.begin():
        trail.execute(delete(trail_commitment))
    (problem,) = check(trail, keys).problems
    assert "was removed, not erased" in problem


def test_checkpoints_by_the_hundred_are_followed(trail: Connection, keys: Keyring) -> None:
    """One checkpoint per event, over several batches of events: each is compared at its place."""
    trail.rollback()
    for number in range(41, 61):
        write(trail, range(number, number + 1), at=LATER)
        seal(trail, now=LATER, keys=keys, checkpoint=True)
    report = check(trail, keys)
    assert report.whole, report.problems
    assert (report.checkpoints, report.unsigned) == (24, 0)
    with trail.begin():
        edit(trail, 50)
        rehash(trail)
    assert check(trail, keys).problems[0].startswith("between sequence 50 and 50 the trail is not what checkpoint 14")


def test_an_edit_with_all_hashes_computed_again_is_found_by_the_checkpoints(trail: Connection, keys: Keyring) -> None:
    """The chain alone would pass; the first checkpoint after the edit does not."""
    with trail.begin():
        edit(trail, 17)
        rehash(trail)
    (problem,) = check(trail, keys).problems
    assert problem.startswith("between sequence 11 and 20 the trail is not what checkpoint 2 signed")


def test_checkpoints_signed_with_another_key_are_found(trail: Connection, keys: Keyring, tmp_path: Path) -> None:
    """Signing everything anew needs our key; another one is not believed."""
    with trail.begin():
        edit(trail, 17)
        rehash(trail)
        resign(trail, Keyring.open(tmp_path / "other"))
    (problem,) = check(trail, keys).problems
    assert "neither among the keys given" in problem


def test_even_the_stolen_key_does_not_help_against_an_anchor(trail: Connection, keys: Keyring, tmp_path: Path) -> None:
    """With the key itself everything looks right, until it is compared with a checkpoint held elsewhere."""
    trail.rollback()
    anchor(trail, tmp_path / "anchor.jsonl")
    trail.rollback()
    with trail.begin():
        edit(trail, 17)
        rehash(trail)
        resign(trail, keys)
    assert check(trail, keys).whole
    problems = check(trail, keys, anchors=read_anchors([tmp_path / "anchor.jsonl"])).problems
    assert problems[0].startswith("between sequence 1 and 40 the trail is not what the checkpoint 4 held elsewhere")


def test_a_cut_tail_is_found_by_the_checkpoints(trail: Connection, keys: Keyring) -> None:
    """A checkpoint that speaks of more events than there are tells of the cut."""
    with trail.begin():
        cut(trail, after=33)
    (problem,) = check(trail, keys).problems
    assert problem == "the tail was cut: checkpoint 4 signed 40 events, the trail ends at number 33"


def test_a_tail_cut_together_with_its_checkpoints_needs_an_anchor(
    trail: Connection, keys: Keyring, tmp_path: Path
) -> None:
    """This cannot be seen from inside, and is seen at once with a checkpoint held elsewhere."""
    anchor(trail, tmp_path / "anchor.jsonl")
    trail.rollback()
    with trail.begin():
        cut(trail, after=30)
        give_ids_again(trail, after=30)
        trail.execute(delete(trail_checkpoint).where(trail_checkpoint.c.number == 4))
    assert check(trail, keys).whole
    report = check(trail, keys, anchors=read_anchors([tmp_path / "anchor.jsonl"]))
    assert report.anchors == 1
    assert report.problems[0].startswith("the tail was cut: the checkpoint 4 held elsewhere signed 40 events")
    assert "checkpoints were removed" in report.problems[1]


def test_a_wiped_trail_needs_an_anchor(trail: Connection, keys: Keyring, tmp_path: Path) -> None:
    """An empty trail is whole by itself, and not with a checkpoint held elsewhere."""
    anchor(trail, tmp_path / "anchor.jsonl")
    trail.rollback()
    with trail.begin():
        for table in (trail_event, trail_seal, trail_checkpoint):
            trail.execute(delete(table))
        give_ids_again(trail, after=0)
    assert check(trail, keys).whole
    assert not check(trail, keys, anchors=read_anchors([tmp_path / "anchor.jsonl"])).whole


def test_removed_checkpoints_are_found(trail: Connection, keys: Keyring) -> None:
    """A hole among the checkpoints, or none at all although events are sealed, is a problem."""
    with trail.begin():
        trail.execute(delete(trail_checkpoint).where(trail_checkpoint.c.number == 2))
    assert check(trail, keys).problems == ("checkpoint 2 is missing: it was removed",)
    with trail.begin():
        trail.execute(delete(trail_checkpoint))
    (problem,) = check(trail, keys).problems
    assert "no checkpoint is left" in problem


def test_removed_last_checkpoints_are_found_by_the_silence(trail: Connection, keys: Keyring) -> None:
    """Sealed events that go on for long after the newest checkpoint tell that later ones were removed."""
    with trail.begin():
        trail.execute(delete(trail_checkpoint).where(trail_checkpoint.c.number > 1))
        trail.execute(update(trail_checkpoint).values(at="2026-03-02T08:50:00.000000Z"))
    assert any("later checkpoints were removed" in problem for problem in check(trail, keys).problems)


@pytest.mark.parametrize("column", ["head", "at", "previous", "signature"])
def test_an_edited_checkpoint_is_found(trail: Connection, keys: Keyring, column: str) -> None:
    """Nothing in a checkpoint can be changed without breaking its signature."""
    with trail.begin():
        old = trail.execute(select(trail_checkpoint.c[column]).where(trail_checkpoint.c.number == 3)).scalar_one()
        new = old[:-3] + ("00" if old[-3:-1] != "00" else "11") + old[-1]
        trail.execute(update(trail_checkpoint).where(trail_checkpoint.c.number == 3).values({column: new}))
    assert "the signature of checkpoint 3 is wrong: it was edited or made up" in check(trail, keys).problems


def test_an_anchor_that_is_not_ours_proves_nothing(trail: Connection, keys: Keyring) -> None:
    """A made-up checkpoint held elsewhere is reported as such."""
    forged = Checkpoint(number=9, seq=90, head="0" * 64, at="x", key_id="0" * 16, previous="", signature="")
    assert any("signed with key" in problem for problem in check(trail, keys, anchors=[forged]).problems)


@pytest.mark.parametrize("line", ["", "[]", "{}", '{"number":"1"}', "nonsense"])
def test_a_line_that_is_no_checkpoint_is_refused(line: str) -> None:
    """A damaged anchor file is an error in words, not a pass."""
    with pytest.raises(AuditError, match="not a checkpoint"):
        Checkpoint.of(line)


def test_there_is_nothing_to_anchor_before_the_first_checkpoint(engine: object, tmp_path: Path) -> None:
    """An anchor is made of a checkpoint."""
    from sqlalchemy import Engine

    assert isinstance(engine, Engine)
    with engine.connect() as connection, pytest.raises(AuditError, match="no checkpoint yet"):
        anchor(connection, tmp_path / "anchor.jsonl")


def test_a_rotated_key_is_believed_by_whoever_holds_the_old_one(trail: Connection, keys: Keyring) -> None:
    """The old key vouches for the new one inside the trail, twice over."""
    first = keys.public_keys()
    trail.rollback()
    for _ in range(2):
        new = rotate(trail, keys=keys, now=LATER, actor="person:anna")
        assert keys.key_id == new.key_id
        seal(trail, now=LATER, keys=keys, checkpoint=True)
    report = verify(trail, public_keys=first)
    assert report.whole, report.problems
    assert report.checkpoints == 6


def test_a_key_that_was_replaced_signs_no_more(trail: Connection, keys: Keyring) -> None:
    """Whoever stole the old key cannot go on with it once the new one has signed."""
    trail.rollback()
    (old,) = keys.public_keys()
    rotate(trail, keys=keys, now=LATER, actor="person:anna")
    seal(trail, now=LATER, keys=keys, checkpoint=True)
    assert check(trail, keys).whole
    keys.use(old)
    write(trail, range(90, 91), at=LATER)
    seal(trail, now=LATER, keys=keys, checkpoint=True)
    (problem,) = check(trail, keys).problems
    assert f"checkpoint 6 is signed with key {old.key_id}, which a later key had replaced" in problem


def test_a_rotation_that_no_trusted_key_signed_is_not_believed(
    trail: Connection, keys: Keyring, tmp_path: Path
) -> None:
    """Writing a rotation event does not smuggle a key in."""
    trail.rollback()
    mine = Keyring.open(tmp_path / "mine")
    details = {"old_key": keys.key_id, "new_key": mine.key_id, "public_key": mine.public_keys()[0].text()}
    with trail.begin():
        append(
            trail,
            [
                Event(
                    at=LATER,
                    actor="person:eve",
                    action=Act.TRAIL_KEY_ROTATED,
                    details={**details, "signature": mine.sign(b"anything")[1]},
                )
            ],
        )
    seal(trail, now=LATER, keys=mine, checkpoint=True)
    (problem,) = check(trail, keys).problems
    assert f"checkpoint 5 is signed with key {mine.key_id}" in problem


def test_a_public_key_reads_back_from_its_text(keys: Keyring) -> None:
    """The line to keep elsewhere is enough to verify with."""
    (key,) = keys.public_keys()
    assert PublicKey.of(key.text() + "\n") == key
