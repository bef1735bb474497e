"""The guard: nothing changes outside an effect, and the fence is right before the click."""

from datetime import UTC, datetime, timedelta

import pytest

from core.errors import Fenced, OutsideEffect
from core.model.evidence import Evidence
from core.runtime.guard import EffectGuard

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def guard(*, lease: timedelta = timedelta(minutes=1), evidence: list[Evidence] | None = None) -> EffectGuard:
    """Return a guard whose lease reaches so far."""
    made = EffectGuard(now=lambda: NOW, keep=lambda data: "hash")
    made.begin(evidence=[] if evidence is None else evidence, renew=lambda: NOW + lease)
    return made


def test_nothing_changes_outside_an_effect() -> None:
    """Before, after, and between effects."""
    watch = guard()
    with pytest.raises(OutsideEffect, match=r"Form\.fill"):
        watch.require("Form.fill")
    with pytest.raises(OutsideEffect):
        watch.committing()
    with watch.acting("post"):
        watch.require("Form.fill")
    with pytest.raises(OutsideEffect):
        watch.require("Form.fill")


def test_a_lease_too_short_for_the_click_stops_it() -> None:
    """The local deadline: the click and its answer need five seconds."""
    watch = guard(lease=timedelta(seconds=5))
    with watch.acting("post"), pytest.raises(Fenced):
        watch.committing()
    assert not watch.committed


def test_the_click_is_committed_once_the_fence_is_passed() -> None:
    """From then on the outcome is in doubt; the next effect begins anew."""
    watch = guard()
    with watch.acting("post"):
        assert not watch.committed
        watch.committing()
        assert watch.committed
    with watch.acting("file"):
        assert not watch.committed


def test_evidence_belongs_to_the_attempt_at_hand() -> None:
    """A new attempt keeps its own."""
    first: list[Evidence] = []
    watch = guard(evidence=first)
    watch.evidence("before", b"1", media_type="image/jpeg")
    watch.begin(evidence=[])
    watch.evidence("after", b"2", media_type="image/jpeg")
    assert [one.name for one in first] == ["before"]


def test_without_a_lease_nothing_is_committed() -> None:
    """The guard that only reads, for the balances, stops every click."""
    watch = guard()
    watch.begin(evidence=[])
    with watch.acting("post"), pytest.raises(Fenced):
        watch.committing()


def test_a_worker_that_stood_still_while_it_renewed_looks_once_more() -> None:
    """It still holds the item: given up, a living worker would keep it and nobody would work on it."""
    stood_still = [NOW + timedelta(minutes=5), NOW + timedelta(minutes=5)]
    leases = [NOW + timedelta(minutes=1), NOW + timedelta(minutes=6)]
    watch = EffectGuard(now=stood_still.pop, keep=lambda data: "hash")
    watch.begin(evidence=[], renew=lambda: leases.pop(0))
    with watch.acting("post"):
        watch.committing()
    assert watch.committed
