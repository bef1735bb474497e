"""Rules about what waits too long: cases for people, changes in doubt, items that nobody takes."""

from collections.abc import Iterator
from datetime import datetime

from core.config.values import Wait
from core.model.notices import Alert, Finding
from core.model.runs import ExitCode
from core.store.watching import Ready
from core.timing.openings import open_since
from schedules.watching.expected import Expected
from schedules.watching.facts import Counted, Facts


def cases(facts: Facts, expected: Expected) -> Iterator[Finding]:
    """Find bots with cases that have waited for a person for longer than agreed."""
    allowed = expected.alerts.case_waits
    for bot, waiting in facts.cases.items():
        late = [since for since in waiting if facts.at > until(allowed, since, expected)]
        if late:
            says = f"{_number(len(late), 'case')} for longer than {allowed}, the oldest since {expected.hour(late[0])}."
            yield Finding(alert=Alert.CASES_WAIT, subject=bot, says=says, about={"BOT": bot})


def until(allowed: Wait, since: datetime, expected: Expected) -> datetime:
    """Return until when something may wait; over workdays it is until the same hour of the last of them."""
    if not allowed.workdays:
        return since + allowed.length
    local = since.astimezone(expected.zone)
    last = expected.calendar.add_workdays(local.date(), allowed.workdays)
    return local.replace(year=last.year, month=last.month, day=last.day)


def doubts(counted: Counted, expected: Expected) -> Iterator[Finding]:
    """Find changes in a target of which nobody has known for too long whether they happened."""
    for one in counted.doubts:
        says = (
            f"{_number(one.number, 'change')} by {one.bot} may or may not have happened, the oldest begun "
            f"{expected.hour(one.oldest)}."
        )
        about = {"BOT": one.bot, "TARGET": one.target}
        yield Finding(alert=Alert.DOUBT_WAITS, subject=f"{one.bot} in {one.target}", says=says, about=about)


def items(counted: Counted, expected: Expected) -> Iterator[Finding]:
    """Find items that might be taken for a while and are not: no worker is there, or all stand still."""
    for one in counted.ready:
        since = _free_since(one, counted, expected)
        if since is not None and counted.facts.at >= since + expected.alerts.items_wait:
            says = f"{_number(one.number, 'item')} never tried, the first ready since {expected.hour(one.since)}."
            yield Finding(alert=Alert.ITEMS_WAIT, subject=one.bot, says=says, about={"BOT": one.bot})


def _free_since(ready: Ready, counted: Counted, expected: Expected) -> datetime | None:
    """Return since when nothing has stood between the items and a worker; None while something does."""
    facts, bot = counted.facts, ready.bot
    targets = expected.targets[bot]
    names = {("bot", bot), *(("target", target) for target in targets)}
    last = facts.ended.get(bot)
    if (
        ready.collecting
        or any((held.scope, held.name) in names for held in facts.holds)
        or any(counted.paces.get(target, facts.at) > facts.at for target in targets)
        or (last is not None and last.exit_code not in (ExitCode.GREEN, ExitCode.CASES))  # that is told already
    ):
        return None
    hours = expected.hours.get(bot, ())
    opened = open_since(hours, facts.at - expected.alerts.items_wait, facts.at)
    if opened is None:
        return None
    released = [at for name, at in counted.released.items() if name in names]
    return max([ready.since, opened, *released])


def _number(number: int, what: str) -> str:
    return f"1 {what}" if number == 1 else f"{number} {what}s"
