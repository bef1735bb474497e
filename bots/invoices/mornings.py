"""Working mornings: when goods that have not come in are looked for again."""

from datetime import UTC, datetime, time, timedelta

import holidays


def next_working_morning(now: datetime, *, region: str, hour: int) -> datetime:
    """Return the next morning (UTC) after `now` that is neither at a weekend nor on a public holiday.

    `region` is a country with its nation or state, e.g. `GB-ENG`.
    """
    country, _, part = region.partition("-")
    closed = holidays.country_holidays(country, subdiv=part or None)
    day = now.astimezone(UTC).date()
    while True:
        day += timedelta(days=1)
        if day.weekday() < 5 and day not in closed:
            return datetime.combine(day, time(hour), tzinfo=UTC)
