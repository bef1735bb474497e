"""Windows: which bots must not begin an item now, because a target of theirs is closed, and when they may go on.

Asked before each item. What the opening hours say is remembered until it changes, so that an item costs a comparison;
a bot whose targets have no hours costs nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from core.runtime.loaded import LoadedBot

if TYPE_CHECKING:
    from core.timing.hours import Hours

ASK_AGAIN = timedelta(minutes=1)  # how long the reason of a closed target is remembered; it may change before it opens
HORIZON = timedelta(days=400)  # an opening that lies further ahead is not looked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """What keeps a bot from beginning an item."""

    targets: tuple[str, ...]  # those that are closed, as the bot names them
    why: str  # a sentence for a clerk: what is closed, and why
    until: datetime | None  # when all the bot's targets are open; None: no such time is known

    @property
    def sentence(self) -> str:
        """The whole of it: why, and when it goes on."""
        return self.why


@dataclass(frozen=True, slots=True)
class _Known:
    since: datetime
    until: datetime | None  # None: for ever
    closed: Closed | None

    def holds_at(self, now: datetime) -> bool:
        return self.since <= now and (self.until is None or now < self.until)


class Windows:
    """The opening hours of the targets of a worker's bots."""

    def __init__(self, *, heeded: bool) -> None:
        """`heeded`: False in a dry run, which acts nowhere and so may be made at any hour."""
        self._heeded = heeded
        self._known: dict[str, _Known] = {}  # by bot

    def in_the_way(self, bot: LoadedBot, now: datetime) -> Closed | None:
        """Return what is closed of the bot's targets; None when it may begin an item."""
        if not bot.hours or not self._heeded:
            return None
        known = self._known.get(bot.name)
        if known is None or not known.holds_at(now):
            known = self._known[bot.name] = _look(bot.hours, now)
        return known.closed


def _look(hours: Mapping[str, "Hours"], now: datetime) -> _Known:
    closed = closed_at(hours, now)
    if closed is None:
        changes = [at for at in (one.closes_at(now) for one in hours.values()) if at is not None]
        return _Known(since=now, until=min(changes, default=None), closed=None)
    again = now + ASK_AGAIN
    return _Known(since=now, until=again if closed.until is None else min(again, closed.until), closed=closed)


def closed_at(hours: Mapping[str, "Hours"], now: datetime) -> Closed | None:
    """Return what is closed of these targets at an instant; None when all are open."""
    whys = {name: why for name, one in hours.items() if (why := one.why_closed(now)) is not None}
    if not whys:
        return None
    return Closed(targets=tuple(whys), why="; ".join(whys.values()), until=opens_at(hours, now))


def opens_at(hours: Mapping[str, "Hours"], now: datetime) -> datetime | None:
    """Return the first instant from now on at which all these targets are open together; None when none is known."""
    at = now
    while at - now <= HORIZON:
        soonest = [one.next_open(at) for one in hours.values()]
        if None in soonest:
            return None
        latest = max(one for one in soonest if one is not None)
        if latest == at:
            return at
        at = latest
    return None
