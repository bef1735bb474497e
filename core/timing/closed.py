"""What is closed of several targets at an instant, and when all of them are open together."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.timing.hours import FURTHEST, Hours
from core.timing.zones import local_text

HORIZON = timedelta(days=FURTHEST)  # an opening that lies further ahead is not looked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """What keeps a bot from beginning an item."""

    targets: tuple[str, ...]  # those that are closed, as the bot names them
    why: str  # for a clerk: what is closed, why, and when each opens
    until: datetime | None  # when all the bot's targets are open; None: not within 400 days


def closed_at(hours: Mapping[str, Hours], now: datetime) -> Closed | None:
    """Return what is closed of these targets at an instant; None when all are open."""
    whys = {name: why for name, one in hours.items() if (why := one.why_closed(now)) is not None}
    if not whys:
        return None
    until = opens_at(hours, now)
    sentences = [*whys.values(), *_together(hours, [hours[name].next_open(now) for name in whys], until)]
    return Closed(targets=tuple(whys), why="; ".join(sentences), until=until)


def opens_at(hours: Mapping[str, Hours], now: datetime) -> datetime | None:
    """Return the first instant from now on at which all these targets are open together; None when none is known."""
    at = now
    while at - now <= HORIZON:
        soonest = [one.next_open(at) for one in hours.values()]
        latest = max((one for one in soonest if one is not None), default=at)
        if None in soonest:
            return None
        if latest == at:
            return at
        at = latest
    return None


def changes_at(hours: Mapping[str, Hours], now: datetime) -> datetime:
    """Return when one of these targets, which are all open, closes next; `HORIZON` from now when none does before."""
    closings = [at for at in (one.closes_at(now) for one in hours.values()) if at is not None]
    return min(closings, default=now + HORIZON)


def _together(hours: Mapping[str, Hours], each: Sequence[datetime | None], until: datetime | None) -> Iterator[str]:
    """Yield when all are open, unless that has been said: one is closed, and its opening is what is waited for."""
    if each == [until]:
        return
    zone = next(iter(hours.values())).zone
    when = f"open together {local_text(until, zone)}" if until else f"never open together within {FURTHEST} days"
    yield f"{' and '.join(hours)} are {when}"
