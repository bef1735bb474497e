"""Questions that more than one part of the runtime asks."""

from core.model.effects import EffectRecord
from core.model.reviews import Question, ReviewKind


def in_doubt(effect: EffectRecord, *, code: str, why: str) -> Question:
    """Ask whether an effect that was begun has happened; `why` says why the bot cannot find out itself."""
    return Question(
        kind=ReviewKind.UNCERTAIN,
        code=code,
        reason=f"{effect.name!r} for {effect.key} was begun and may have happened; {why}",
        action=f"Look in {effect.target}. Confirm with its number if it is there; refute if it is not.",
        details={
            "effect": effect.name,
            "target": effect.target,
            "key": effect.key,
            "plan": effect.plan,
            "plan_digest": effect.plan_digest,
        },
    )
