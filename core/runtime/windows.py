"""Windows: which bots must not begin an item now, because a target of theirs is closed, and when they may go on.

Asked before each item. What the opening hours say is remembered until it changes, so that an item costs a comparison;
a bot whose targets have no hours costs nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from core.runtime.loaded import LoadedBot

if TYPE_CHECKING:
    from core.timing.closed import Closed

ASK_AGAIN = timedelta(minutes=1)  # how long the reason of a closed target is remembered; it may change before it opens


@dataclass(frozen=True, slots=True)
class _Known:
    since: datetime
    until: datetime
    closed: "Closed | None"


class Windows:
    """The opening hours of the targets of a worker's bots."""

    def __init__(self, *, heeded: bool) -> None:
        """`heeded`: False in a dry run, which acts nowhere and so may be made at any hour."""
        self._heeded = heeded
        self._known: dict[str, _Known] = {}  # by bot

    def in_the_way(self, bot: LoadedBot, now: datetime) -> "Closed | None":
        """Return what is closed of the bot's targets; None when it may begin an item."""
        if not bot.hours or not self._heeded:
            return None
        known = self._known.get(bot.name)
        if known is None or not known.since <= now < known.until:
            known = self._known[bot.name] = _look(bot, now)
        return known.closed


def _look(bot: LoadedBot, now: datetime) -> _Known:
    from core.timing.closed import changes_at, closed_at  # loaded where some target has hours

    closed = closed_at(bot.hours, now)
    if closed is None:
        return _Known(since=now, until=changes_at(bot.hours, now), closed=None)
    again = now + ASK_AGAIN
    return _Known(since=now, until=min(again, closed.until or again), closed=closed)
