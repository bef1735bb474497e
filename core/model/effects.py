"""An effect: one change outside us, from intent to receipt."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class EffectState(StrEnum):
    """Where an effect stands; LIVE states hold its key against every other item."""

    INTENDED = "intended"  # written down before acting; after a crash it is in doubt
    UNCERTAIN = "uncertain"  # acted, and nobody knows yet whether it took
    CONFIRMED = "confirmed"  # the receipt is stored
    REFUTED = "refuted"  # a person says it did not happen; the key is free again
    WITHDRAWN = "withdrawn"  # stopped before the click, or looked for and not there; the key is free again


EFFECT_MOVES: Mapping[EffectState, frozenset[EffectState]] = MappingProxyType(
    {
        EffectState.INTENDED: frozenset(
            {
                EffectState.INTENDED,
                EffectState.UNCERTAIN,
                EffectState.CONFIRMED,
                EffectState.REFUTED,
                EffectState.WITHDRAWN,
            }
        ),
        EffectState.UNCERTAIN: frozenset(
            {
                EffectState.INTENDED,
                EffectState.UNCERTAIN,
                EffectState.CONFIRMED,
                EffectState.REFUTED,
                EffectState.WITHDRAWN,
            }
        ),
        EffectState.CONFIRMED: frozenset(),
        EffectState.REFUTED: frozenset(),
        EffectState.WITHDRAWN: frozenset(),
    }
)

LIVE = (EffectState.INTENDED, EffectState.UNCERTAIN, EffectState.CONFIRMED)


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectRecord:
    """One row of the effect ledger."""

    id: int
    item_id: int
    bot: str
    target: str
    name: str
    key: str  # business key, unique per bot, target and effect while live
    state: EffectState
    plan: Any  # JSON data of the frozen plan
    plan_digest: str
    receipt: Any | None  # the target's proof; absent until confirmed
    by: str | None = None  # absent: the bot; "looked": begun by it, then found; "found": there before; "person:<name>"
    ended_at: datetime | None = None  # when it was confirmed, refuted or withdrawn


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """An effect that was not carried out because the mode does not allow it."""

    target: str
    name: str
    key: str
    plan: Any
    plan_digest: str

    def details(self) -> dict[str, Any]:
        """Return it as a question to a person tells it."""
        return {
            "effect": self.name,
            "target": self.target,
            "key": self.key,
            "plan": self.plan,
            "plan_digest": self.plan_digest,
        }

    @classmethod
    def of(cls, details: Mapping[str, Any]) -> "Planned":
        """Return what a question told."""
        told = {name: details[name] for name in ("target", "key", "plan", "plan_digest")}
        return cls(name=details["effect"], **told)
