"""From outcomes and waivers to what still stands in the way: pure."""

from collections.abc import Iterable, Sequence

from core.model.outcomes import CheckOutcome, Outcome, Waiver


def unwaived(outcomes: Sequence[CheckOutcome], waivers: Iterable[Waiver]) -> tuple[CheckOutcome, ...]:
    """Return the outcomes that did not pass and that nobody, or not enough people, have waived."""
    given = {(waiver.code, waiver.digest, waiver.who) for waiver in waivers}
    return tuple(
        outcome for outcome in outcomes if outcome.outcome is not Outcome.PASSED and not _is_waived(outcome, given)
    )


def _is_waived(outcome: CheckOutcome, given: set[tuple[str, str, str]]) -> bool:
    if outcome.waivable.people == 0:
        return False
    people = {who for code, bound_to, who in given if code == outcome.code and bound_to == outcome.digest}
    return len(people) >= outcome.waivable.people
