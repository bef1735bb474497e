"""The protocol, over everything that can be known: what may be done, and what may never be."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from core.model.protocol import (
    Aftermath,
    Fate,
    Hold,
    Known,
    Move,
    Next,
    Seen,
    Standing,
    after_death,
    after_error,
    hold_of,
    next_move,
    settled_at,
)
from core.model.runs import Mode

_YES_NO = (True, False)
EVERYTHING = [
    Known(
        standing=standing,
        mode=mode,
        seen=seen,
        acting=acting,
        approved=approved,
        changed=changed,
        taken=taken,
        refuted=refuted,
        settled=settled,
    )
    for standing, mode, seen, acting, approved, changed, taken, refuted, settled in product(
        Standing, Mode, Seen, _YES_NO, _YES_NO, _YES_NO, _YES_NO, _YES_NO, _YES_NO
    )
]


def moving(*moves: Move) -> list[Known]:
    """Return all that can be known when one of these moves is made."""
    return [known for known in EVERYTHING if next_move(known) in moves]


def test_nothing_is_done_without_a_look() -> None:
    """Acting follows an absent, or a person's word where the target cannot tell; never nothing at all."""
    assert {known.seen for known in moving(Move.ACT)} == {Seen.ABSENT, Seen.CANNOT_TELL}
    assert all(known.refuted for known in moving(Move.ACT) if known.seen is Seen.CANNOT_TELL)


def test_a_refutation_answers_only_for_what_was_before_it() -> None:
    """What was begun since and cannot be told is a person's again."""
    begun = [k for k in moving(Move.ACT) if k.standing is Standing.BEGUN]
    assert {known.seen for known in begun} == {Seen.ABSENT}


def test_nothing_is_done_in_a_mode_that_does_not_allow_it() -> None:
    """Nor in a dry run, nor an unapproved plan in recommend."""
    for known in moving(Move.ACT):
        assert known.acting
        assert known.mode is Mode.AUTO or (known.mode is Mode.RECOMMEND and known.approved)


def test_what_is_proven_is_never_looked_for_nor_done() -> None:
    """The receipt is returned; with other values only when a person said that it stands."""
    proven = [known for known in EVERYTHING if known.standing is Standing.PROVEN]
    assert {next_move(known) for known in proven} == {Move.RETURN_RECEIPT, Move.ASK_CHANGED}
    assert all(known.approved for known in moving(Move.RETURN_RECEIPT) if known.changed)


def test_only_what_is_proven_gives_a_receipt() -> None:
    """An intent proves nothing."""
    assert {known.standing for known in moving(Move.RETURN_RECEIPT)} == {Standing.PROVEN}


def test_what_changed_since_it_was_begun_is_never_done() -> None:
    """Whatever else is known, a person looks first."""
    changed = [known for known in EVERYTHING if known.changed]
    assert {next_move(known) for known in changed} <= {Move.ASK_CHANGED, Move.RETURN_RECEIPT}


def test_what_this_attempt_clicked_is_not_looked_for_in_it() -> None:
    """Not there yet proves nothing before the target has settled."""
    assert all(known.settled for known in moving(Move.LOOK) if known.standing is Standing.BEGUN)


def test_a_key_that_another_item_holds_is_asked_about_before_anything_else() -> None:
    """No look, no plan, no deed: the two may be one."""
    first = [k for k in EVERYTHING if k.standing is Standing.NOT_BEGUN and k.seen is Seen.NOT_LOOKED and not k.changed]
    assert {next_move(known) for known in first if known.taken} == {Move.ASK_TAKEN}


@pytest.mark.parametrize("fenced", _YES_NO)
@pytest.mark.parametrize("refused", _YES_NO)
def test_after_the_click_nothing_is_withdrawn(*, fenced: bool, refused: bool) -> None:
    """It may have happened, whatever the error says."""
    assert after_error(committed=True, fenced=fenced, refused=refused) in (Aftermath.DOUBT, Aftermath.ASK)


def test_before_the_click_the_key_is_freed_unless_the_item_is_anothers() -> None:
    """Who was fenced off touches nothing."""
    assert after_error(committed=False, fenced=False, refused=False) is Aftermath.WITHDRAW
    assert after_error(committed=False, fenced=True, refused=False) is Aftermath.LEAVE


def test_a_target_settles_from_when_its_holder_is_known_to_act_no_more() -> None:
    """Neither sooner nor later."""
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert settled_at(noon, timedelta(seconds=180)) == datetime(2026, 3, 2, 12, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fate", "lapsed", "hold"),
    [
        (Fate.ALIVE, False, Hold.KEEP),
        (Fate.ALIVE, True, Hold.STANDS_STILL),
        (Fate.DEAD, False, Hold.TAKE),
        (Fate.DEAD, True, Hold.TAKE),
        (Fate.UNKNOWN, False, Hold.KEEP),
        (Fate.UNKNOWN, True, Hold.TAKE),
    ],
)
def test_an_item_is_taken_from_the_dead_and_from_lapsed_leases_of_the_unknown(
    fate: Fate, *, lapsed: bool, hold: Hold
) -> None:
    """Who lives on this host keeps it, lease or not."""
    assert hold_of(fate, lapsed=lapsed) is hold


def test_an_item_that_kills_its_worker_each_time_is_given_up() -> None:
    """To a person when something was begun, never to the failed."""
    assert after_death(begun=True, crashes=19, most=20) is Next.AGAIN
    assert after_death(begun=True, crashes=20, most=20) is Next.ASK
    assert after_death(begun=False, crashes=20, most=20) is Next.FAIL
