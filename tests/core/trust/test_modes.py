"""The mode in force: the lowest of what is asked, granted, and allowed by the targets."""

import pytest

from core.model.runs import Mode
from core.trust import effective_mode
from tests.core.cast import simulated

S, R, A = Mode.SHADOW, Mode.RECOMMEND, Mode.AUTO


@pytest.mark.parametrize(
    ("asked", "granted", "real", "expected"),
    [
        # only simulators: nothing needs a grant, and a grant may still hold a bot back
        (S, None, False, S),
        (R, None, False, R),
        (A, None, False, A),
        (A, S, False, S),
        (A, R, False, R),
        (R, A, False, R),
        # a real target: shadow until it is granted more, and never auto without a certificate
        (S, None, True, S),
        (R, None, True, S),
        (A, None, True, S),
        (A, S, True, S),
        (A, R, True, R),
        (A, A, True, R),
        (R, A, True, R),
        (S, A, True, S),
    ],
)
def test_the_mode_in_force(asked: Mode, granted: Mode | None, expected: Mode, *, real: bool) -> None:
    """And a sentence says what limits it, naming the target, when it is less than asked."""
    targets = [simulated("ledger"), simulated("bank", simulator=not real)]
    mode, why = effective_mode(asked=asked, granted=granted, targets=targets)
    assert mode is expected
    assert bool(why) == (mode is not asked)
    if real and why:
        assert "bank" in why


def test_the_more_careful_of_two_modes() -> None:
    """Shadow before recommend before auto."""
    assert [a.careful(b) for a in Mode for b in Mode] == [S, S, S, S, R, R, S, R, A]
