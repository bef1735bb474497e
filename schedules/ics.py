"""What is to come as a calendar file that office calendars read (RFC 5545)."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from schedules.ahead import Coming

LONGEST = 75  # octets of a line; longer ones are folded


def calendar_file(coming: Sequence[Coming], *, name: str, now: datetime) -> bytes:
    """Return an iCalendar file of the slots that will be run; `name` is the installation's.

    An event has the same UID whenever it is written, so that reading a newer file moves nothing twice.
    """
    head = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Understudy//Schedules//EN",
        "CALSCALE:GREGORIAN",
        f"X-WR-CALNAME:{_text(name)}",
    ]
    events = [line for one in coming if one.begins is not None for line in _event(one, one.begins, name, now)]
    return "".join(f"{part}\r\n" for line in (*head, *events, "END:VCALENDAR") for part in _folded(line)).encode()


def _event(one: Coming, begins: datetime, name: str, now: datetime) -> Iterator[str]:
    schedule = one.schedule
    yield "BEGIN:VEVENT"
    yield f"UID:{_word(schedule.bot)}.{_word(schedule.name)}.{_word(one.slot.key)}@{_word(name)}.understudy"
    yield f"DTSTAMP:{_instant(now)}"
    yield f"DTSTART:{_instant(begins)}"
    if one.report_by is not None and one.report_by > begins:
        yield f"DTEND:{_instant(one.report_by)}"
    yield f"SUMMARY:{_text(f'{schedule.bot}: {schedule.name}')}"
    told = list(_told(one))
    if told:
        yield f"DESCRIPTION:{_text(chr(10).join(told))}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _told(one: Coming) -> Iterable[str]:
    zone = one.schedule.timetable.zone
    yield f"Due {one.slot.due.astimezone(zone):%H:%M} ({zone.key})."
    if one.report_by is not None:
        yield f"It must have reported by {one.report_by.astimezone(zone):%H:%M on %d %B}."
    if one.note:
        yield one.note


def _instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(text: str) -> str:
    """Return text in which what would end a value or a line is escaped, and no control character is left."""
    escaped = re.sub(r"([\\;,])", r"\\\1", text.replace("\r\n", "\n")).replace("\n", "\\n")
    return "".join(character for character in escaped if character >= " " and character != "\x7f")


def _word(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9+-]+", "-", text).strip("-") or "-"


def _folded(line: str) -> Iterator[str]:
    """Yield a line in parts of at most 75 octets, each after the first behind a space, no character cut."""
    part, size = "", 0
    for character in line:
        width = len(character.encode())
        if size + width > LONGEST:
            yield part
            part, size = " ", 1
        part, size = part + character, size + width
    yield part
