"""The mode in force: never more than bots.toml asks, what was granted, and what the targets allow."""

from collections.abc import Iterable

from core.model.runs import Mode
from core.target import TargetSettings


def effective_mode(*, asked: Mode, granted: Mode | None, targets: Iterable[TargetSettings]) -> tuple[Mode, str]:
    """Return the mode in force and, in a sentence, what limits it (empty when it is what bots.toml asks).

    Where every target is a simulator nothing needs a grant. Elsewhere a bot stays in shadow until it is granted
    `recommend`; `auto` needs a certificate, which no bot can have yet.
    """
    real = sorted(target.name for target in targets if not target.simulator)
    if not real:
        limit, why = (granted or Mode.AUTO), "granted"
    else:
        limit = (granted or Mode.SHADOW).careful(Mode.RECOMMEND)
        why = f"{', '.join(real)} is not a simulator; " + (
            "nothing is granted yet" if granted is None else f"granted: {granted}; auto needs a certificate"
        )
    mode = asked.careful(limit)
    return mode, "" if mode is asked else f"bots.toml asks for {asked}, in force is {mode}: {why}"
