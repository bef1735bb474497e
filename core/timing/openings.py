"""When several targets are open together, and when the first of them closes."""

from collections.abc import Collection
from datetime import datetime, timedelta

from core.timing.hours import FURTHEST, Hours

HORIZON = timedelta(days=FURTHEST)  # an opening that lies further ahead is not looked for


def first_opening(hours: Collection[Hours], at: datetime) -> datetime | None:
    """Return when all are open at once, at or after an instant; None when that is not in sight."""
    here = at
    while here - at <= HORIZON:
        openings = [target.next_open(here) for target in hours]
        later = [opening for opening in openings if opening is not None]
        if len(later) < len(openings):
            return None
        latest = max(later, default=here)
        if latest <= here:
            return here
        here = latest
    return None


def closing(hours: Collection[Hours], at: datetime) -> datetime | None:
    """Return when the first of them closes; None when none does."""
    closings = [closes for target in hours if (closes := target.closes_at(at)) is not None]
    return min(closings, default=None)


def open_since(hours: Collection[Hours], since: datetime, now: datetime) -> datetime | None:
    """Return since when all are open without a break, not before `since`; None when one is closed now."""
    here = first_opening(hours, since)
    while here is not None and here <= now:
        closes = closing(hours, here)
        if closes is None or closes > now:
            return here
        here = first_opening(hours, max(closes, here + timedelta(microseconds=1)))
    return None


def why_closed(hours: Collection[Hours], at: datetime) -> str:
    """Return why nothing is begun at an instant, for each target that is closed then."""
    whys = [why for target in hours if (why := target.why_closed(at)) is not None]
    return "; ".join(whys) or "its targets are never open at the same time"
