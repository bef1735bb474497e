"""The tables of legal moves, and that the store holds to them."""

from collections.abc import Mapping
from enum import StrEnum
from itertools import product
from typing import Any

import pytest

from core.model.effects import EFFECT_MOVES, LIVE, EffectState
from core.model.items import MOVES, ItemState
from core.model.reviews import ALLOWED, REVIEW_MOVES, Action, ReviewKind, ReviewState, allowed
from core.store import effects, items, reviews
from core.testing import Stage
from tests.core.cast import Book, entering, numbered, staged


@pytest.mark.parametrize("table", [MOVES, REVIEW_MOVES, EFFECT_MOVES])
def test_every_state_has_its_moves(table: Mapping[Any, frozenset[Any]]) -> None:
    """A state that was forgotten would be a dead end nobody meant."""
    kind: type[StrEnum] = type(next(iter(table)))
    assert set(table) == set(kind)
    assert all(moves <= set(kind) for moves in table.values())


@pytest.mark.parametrize("state", [ItemState.DONE, ItemState.CANCELLED])
def test_an_item_that_ended_stays_ended(state: ItemState) -> None:
    """Done and cancelled are for good."""
    assert not MOVES[state]


def test_what_is_proven_or_freed_stays_so() -> None:
    """A confirmed effect cannot be talked away; a freed key is taken by a new row."""
    assert [state for state in EffectState if not EFFECT_MOVES[state]] == [
        EffectState.CONFIRMED,
        EffectState.REFUTED,
        EffectState.WITHDRAWN,
    ]
    assert set(LIVE) == {EffectState.INTENDED, EffectState.UNCERTAIN, EffectState.CONFIRMED}


@pytest.fixture(scope="module")
def stage() -> Any:
    """A stage with one done item and one in review."""
    with staged(entering(Book(blind=["?"])), items=numbered("7", "8")) as stage:
        stage.run()
        yield stage


@pytest.mark.parametrize(
    ("frm", "to"), [(frm, to) for frm, to in product(ItemState, ItemState) if to not in MOVES[frm]]
)
def test_the_store_refuses_illegal_moves_of_items(stage: Stage, frm: ItemState, to: ItemState) -> None:
    """Whoever asks."""
    with stage.database.transaction(actor="system:test") as tx, pytest.raises(ValueError, match="cannot become"):
        items.move(tx, 1, frm=frm, to=to)


def test_the_store_refuses_illegal_moves_of_effects(stage: Stage) -> None:
    """A confirmed effect stays confirmed."""
    (effect,) = stage.effects("8")
    for state in (EffectState.UNCERTAIN, EffectState.WITHDRAWN, EffectState.REFUTED):
        with stage.database.transaction(actor="system:test") as tx, pytest.raises(ValueError, match="cannot become"):
            effects.settle(tx, effect, to=state)


def test_the_store_refuses_to_reopen_an_answer() -> None:
    """A resolved task stays resolved."""
    with staged(entering(Book(blind=["?"])), items=numbered("7")) as stage:
        stage.run()
        (task,) = stage.waiting()
        stage.decisions.retry(task.id, version=task.version, who="anna")
        with stage.database.transaction(actor="system:test") as tx:
            answered = reviews.get(tx, task.id)
            with pytest.raises(ValueError, match="cannot become"):
                reviews.change(tx, answered, values={"state": ReviewState.OPEN})


@pytest.mark.parametrize("kind", ReviewKind)
def test_what_may_be_decided(kind: ReviewKind) -> None:
    """Everything can be parked and retried; what was begun is never cancelled, and is confirmed or refuted."""
    assert allowed(kind, begun=False) == ALLOWED[kind]
    assert {Action.PARK, Action.RETRY} <= ALLOWED[kind]
    begun = allowed(kind, begun=True)
    assert Action.CANCEL not in begun
    assert {Action.CONFIRM, Action.REFUTE} <= begun
