"""The questions that the runtime asks people about effects."""

from core.model.effects import EffectRecord, EffectState, Planned
from core.model.reviews import Question, ReviewKind

_LOOK = "Confirm with its number if it is there; refute if it is not."


def in_doubt(effect: EffectRecord, *, code: str, why: str) -> Question:
    """Ask whether an effect that was begun has happened; `why` says why the bot cannot find out itself."""
    return Question(
        kind=ReviewKind.UNCERTAIN,
        code=code,
        reason=f"{effect.name!r} for {effect.key} was begun and may have happened; {why}",
        action=f"Look in {effect.target}. {_LOOK}",
        details={
            "effect": effect.name,
            "target": effect.target,
            "key": effect.key,
            "plan": effect.plan,
            "plan_digest": effect.plan_digest,
        },
    )


def cannot_tell(planned: Planned, reason: str, *, begun: bool) -> Question:
    """Ask because the target does not say for sure whether it holds the plan."""
    before = "was begun and may have happened" if begun else "may have been done already"
    return Question(
        kind=ReviewKind.UNCERTAIN,
        code="CANNOT_TELL",
        reason=f"{planned.name!r} for {planned.key} {before}, and {planned.target} does not say for sure: {reason}",
        action=f"Look in {planned.target}. {_LOOK}",
        details=planned.details(),
    )


def to_approve(planned: Planned) -> Question:
    """Ask whether the plan may be carried out."""
    return Question(
        kind=ReviewKind.PLAN,
        code="PLAN_TO_APPROVE",
        reason=f"The bot would now carry out {planned.name!r} in {planned.target}.",
        action="Compare the plan with the document; approve it, or correct the values.",
        details=planned.details(),
    )


def changed(begun: EffectRecord, planned: Planned) -> Question:
    """Ask what stands in the target: the plan differs from the one that was begun."""
    was = "entered" if begun.state is EffectState.CONFIRMED else "begun, and it is not known whether it took"
    return Question(
        kind=ReviewKind.CHANGED,
        code="PLAN_CHANGED",
        reason=f"{begun.name!r} was {was} with other values than the bot would use now: {_differences(begun, planned)}",
        action=f"Look in {planned.target}. Confirm what was entered, or say that it did not happen.",
        details={**planned.details(), "begun": {"key": begun.key, "plan": begun.plan, "receipt": begun.receipt}},
    )


def duplicate(planned: Planned, held: EffectRecord, *, reference: str) -> Question:
    """Ask whether two items are the same; `reference` is that of the item that holds the key."""
    state = "was entered before" if held.state is EffectState.CONFIRMED else "is being entered"
    return Question(
        kind=ReviewKind.DUPLICATE,
        code="POSSIBLE_DUPLICATE",
        reason=f"{planned.key} {state} for another item ({reference[:24]}).",
        action="Compare the two documents; cancel this one if it is the same, or correct its values if it is not.",
        details={**planned.details(), "other_item": held.item_id, "receipt": held.receipt},
    )


def _differences(begun: EffectRecord, planned: Planned) -> str:
    if isinstance(begun.plan, dict) and isinstance(planned.plan, dict):
        names = sorted(begun.plan.keys() | planned.plan.keys())
        different = [name for name in names if begun.plan.get(name) != planned.plan.get(name)]
        return ", ".join(different) + "."
    return "the plan itself."
