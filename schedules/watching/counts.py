"""The rule about counts: how many cases a bot finds on a day, beside the same day of the weeks before.

Median and median deviation of at least six of the last twelve same days, so that one odd week moves nothing. Three
things are unusual: none where there always were some; far fewer, beyond the deviation and below a fifth of the median;
far more, beyond the deviation, where a day that takes in two days' cases (after a holiday) is still usual.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from math import sqrt
from statistics import median
from typing import NamedTuple

from core.model.notices import Alert, Finding
from schedules.watching.expected import Expected
from schedules.watching.facts import Counted

LEAST = 6  # same days that are needed for a comparison
SIGMA = 1.4826  # of a normal distribution, per median deviation


class Sense(NamedTuple):
    """How soon a count is called unusual."""

    deviations: float
    many: int  # the least median below which none at all is not unusual


SENSES: Mapping[str, Sense] = {"low": Sense(10, 10), "normal": Sense(6, 5), "high": Sense(4, 3)}


def unusual(counted: Counted, expected: Expected) -> Iterator[Finding]:
    """Find days, today's and yesterday's, on which a bot took in an unusual number of cases."""
    sense = SENSES.get(expected.alerts.unusual)
    if sense is None:
        return
    now = counted.facts.at.astimezone(expected.zone)
    for bot, runs in counted.taken_in.items():
        days = _by_day(runs, expected)
        for day in (now.date() - timedelta(days=1), now.date()):
            if day not in days or day < counted.facts.since.astimezone(expected.zone).date():
                continue
            before = [count for other, count in days.items() if other < day and other.weekday() == day.weekday()]
            why = judged(days[day], before, sense=sense, whole=_is_whole(bot, day, counted, expected))
            if why is not None:
                yield Finding(
                    alert=Alert.COUNT_UNUSUAL,
                    subject=f"{bot} {day:%Y-%m-%d}",
                    says=f"{days[day]} new on {day:%A}: {why}.",
                    over=True,
                    about={"BOT": bot},
                )


def judged(count: int, before: Sequence[int], *, sense: Sense, whole: bool) -> str | None:
    """Say why a count is unusual beside those of the same days before; None when it is not, or too few are known.

    `whole`: nothing more is expected on the day; before that only too many can be told.
    """
    if len(before) < LEAST:
        return None
    middle = median(before)
    spread = max(SIGMA * median(abs(one - middle) for one in before), sqrt(max(middle, 1)))
    usual = f"usually {middle:g}, from {min(before)} to {max(before)} on {len(before)} such days"
    if count > max(before) and count > middle + sense.deviations * max(spread, middle / 4):
        return f"many more than usual ({usual})"
    if not whole:
        return None
    if count == 0 and min(before) > 0 and middle >= sense.many:
        return f"there always were some ({usual})"
    if 0 < count < min(before) and count < middle / 5 and count < middle - sense.deviations * spread:
        return f"far fewer than usual ({usual})"
    return None


def _by_day(runs: Sequence[tuple[datetime, int]], expected: Expected) -> Mapping[date, int]:
    days: dict[date, int] = defaultdict(int)
    for started_at, new in runs:
        days[started_at.astimezone(expected.zone).date()] += new
    return days


def _is_whole(bot: str, day: date, counted: Counted, expected: Expected) -> bool:
    """Tell whether nothing more is expected of a bot on a day: the day is over, or its last run of the day is."""
    facts = counted.facts
    if day < facts.at.astimezone(expected.zone).date():
        return True
    if not any(one == bot for one, _ in expected.schedules):
        return False  # nobody knows when it is started
    coming = [one.at for one in facts.next if one.bot == bot and (one.bot, one.name) in expected.schedules]
    coming += [occurrence.due for occurrence in facts.unfinished if occurrence.bot == bot]
    return all(at.astimezone(expected.zone).date() > day for at in coming)
