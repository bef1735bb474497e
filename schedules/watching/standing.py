"""Rules about how things stand: holds, disks, the scheduler's sign, calendars, channels."""

from collections.abc import Iterator

from core.model.notices import Alert, Finding
from schedules.watching.expected import Expected
from schedules.watching.facts import Facts

_BY_PERSON = "person:"


def held(facts: Facts, expected: Expected) -> Iterator[Finding]:
    """Find bots and targets that are held by the program; what a person holds, when it lasts for long."""
    for hold in facts.holds:
        by_person = hold.by.startswith(_BY_PERSON)
        if by_person and facts.at <= hold.at + expected.alerts.hold_lasts:
            continue
        who = "by hand " if by_person else ""
        yield Finding(
            alert=Alert.ON_HOLD,
            subject=f"{hold.scope} {hold.name}",
            says=f"It is held {who}since {expected.hour(hold.at)}: {hold.code}.",
            about={"SCOPE": hold.scope, "NAME": hold.name},
        )


def disks(facts: Facts, expected: Expected) -> Iterator[Finding]:
    """Find places with less room than they should have."""
    for place, free in facts.free.items():
        if free < expected.alerts.disk_free.number:
            says = f"{free / 10**9:.1f} GB are free; there should be {expected.alerts.disk_free}."
            yield Finding(alert=Alert.DISK_LOW, subject=place, says=says)


def scheduler(facts: Facts, expected: Expected) -> Iterator[Finding]:
    """Find that something is scheduled and no scheduler gives a sign."""
    if not expected.schedules:
        return
    last = max(facts.schedulers.values(), default=facts.present)
    if facts.at <= max(last, facts.present) + expected.alerts.scheduler_silent:
        return
    says = "None has ever given a sign here."
    if facts.schedulers:
        host = max(facts.schedulers, key=facts.schedulers.__getitem__)
        says = f"The last sign came from {host}, {expected.hour(last)}."
    yield Finding(alert=Alert.SCHEDULER_SILENT, subject="scheduler", says=says)


def calendars(facts: Facts, expected: Expected) -> Iterator[Finding]:
    """Find calendars whose known years run out."""
    today = facts.at.astimezone(expected.zone).date()
    for calendar in expected.calendars:
        warning = calendar.warning(today)
        if warning is not None:
            yield Finding(alert=Alert.CALENDAR_ENDS, subject=f"calendar {calendar.name}", says=f"{warning}.")


def channels(facts: Facts, expected: Expected) -> Iterator[Finding]:
    """Find channels that take nothing."""
    for name, since in facts.failing.items():
        says = f"It has taken nothing since {expected.hour(since)}."
        yield Finding(alert=Alert.DELIVERY_FAILS, subject=f"channel {name}", says=says)
