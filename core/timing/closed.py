"""What is closed of several targets at an instant, and when all of them are open together."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.timing.hours import FURTHEST, Hours
from core.timing.openings import HORIZON, closing, first_opening
from core.timing.zones import local_text


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
    until = first_opening(hours.values(), now)
    sentences = [*whys.values(), *_together(hours, [hours[name].next_open(now) for name in whys], until)]
    return Closed(targets=tuple(whys), why="; ".join(sentences), until=until)


def changes_at(hours: Mapping[str, Hours], now: datetime) -> datetime:
    """Return when one of these targets, which are all open, closes next; `HORIZON` from now when none does before."""
    return closing(hours.values(), now) or now + HORIZON


def _together(hours: Mapping[str, Hours], each: Sequence[datetime | None], until: datetime | None) -> Iterator[str]:
    """Yield when all are open, unless that has been said: one is closed, and its opening is what is waited for."""
    if each == [until]:
        return
    zone = next(iter(hours.values())).zone
    when = f"open together {local_text(until, zone)}" if until else f"never open together within {FURTHEST} days"
    yield f"{' and '.join(hours)} are {when}"
