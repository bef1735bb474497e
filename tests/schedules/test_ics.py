"""The calendar file: read back by another program's parser, stable, folded, escaped."""

from datetime import UTC, time, timedelta

import icalendar
from hypothesis import given
from hypothesis import strategies as st

from core.timing import timetable as forms
from core.timing.schedule import CatchUp
from schedules.ahead import coming
from schedules.ics import LONGEST, calendar_file
from tests.schedules.cast import DAY, LONDON, hours, schedule, utc

NOW = utc("2026-03-01 12:00")
PAUSED = {("invoices", "paused"): "paused by anna: moving; back on Monday, at nine"}


def events(data: bytes) -> list[icalendar.Event]:
    """Return the events another program finds."""
    return list(icalendar.Calendar.from_ical(data).walk("VEVENT"))


def test_office_calendars_read_it() -> None:
    """A fortnight over the change of clocks: each begins at 07:30 in London, ends with its deadline, is named."""
    mornings = schedule(report_by=time(11, 0))
    found = coming([mornings], after=utc("2026-03-22 12:00"), until=utc("2026-04-05 12:00"), paused={})
    read = events(calendar_file(found, name="Harbour Office", now=NOW))
    assert len(read) == 14
    local = {(one.start.astimezone(LONDON).time(), one.end.astimezone(LONDON).time()) for one in read}
    assert local == {(time(7, 30), time(11, 0))}
    assert {one.start.astimezone(UTC).hour for one in read} == {6, 7}
    assert str(read[0]["SUMMARY"]) == "invoices: morning"
    assert str(read[0]["UID"]) == "invoices.morning.2026-03-23T07-30@Harbour-Office.understudy"
    assert len({str(one["UID"]) for one in read}) == 14


def test_reading_it_again_moves_nothing_twice() -> None:
    """An event has the same UID in every file it is in."""
    first = coming([schedule()], after=NOW, until=NOW + 7 * DAY, paused={})
    later = coming([schedule()], after=NOW + DAY, until=NOW + 8 * DAY, paused={})
    uids = [{str(one["UID"]) for one in events(calendar_file(part, name="Office", now=NOW))} for part in (first, later)]
    assert len(uids[0] & uids[1]) == 6


def test_what_will_not_be_run_is_not_in_it_and_what_waits_is_where_it_begins() -> None:
    """Paused: not in it. Saturday: on Monday when the target opens, or not at all where nothing is made up for."""
    saturdays = forms.Weekly(zone=LONDON, days=frozenset({5}), at=time(9, 0))
    office = (hours("mon-fri 07:00-19:00"),)
    found = coming(
        [
            schedule("paused"),
            schedule("waits", saturdays, hours=office),
            schedule("skips", saturdays, hours=office, catch_up=CatchUp.SKIP),
        ],
        after=NOW,
        until=NOW + 7 * DAY,
        paused=PAUSED,
    )
    assert len(found) == 7 + 2
    (only,) = events(calendar_file(found, name="Office", now=NOW))
    assert (str(only["SUMMARY"]), only.start) == ("invoices: waits", utc("2026-03-09 07:00"))
    assert "ledger is closed" in str(only["DESCRIPTION"])


def test_lines_end_and_are_folded_as_the_standard_says() -> None:
    """CRLF, at most 75 octets, no character cut in two."""
    found = coming([schedule("ü" * 100)], after=NOW, until=NOW + DAY, paused={})
    data = calendar_file(found, name="Büro, Süd; Halle\\3", now=NOW)
    assert data.endswith(b"END:VCALENDAR\r\n")
    lines = data.split(b"\r\n")
    assert max(len(line) for line in lines) <= LONGEST
    assert b"\n" not in b"".join(lines)
    assert all(line.decode() is not None for line in lines)
    assert str(events(data)[0]["SUMMARY"]) == "invoices: " + "ü" * 100


@given(name=st.text(max_size=120))
def test_any_name_comes_back_as_it_was(name: str) -> None:
    """Whatever is in it: only control characters are left out."""
    found = coming([schedule(name)], after=NOW, until=NOW + timedelta(days=1), paused={})
    (read,) = events(calendar_file(found, name=name, now=NOW))
    kept = "".join(c for c in name.replace("\r\n", "\n") if c == "\n" or (c >= " " and c != "\x7f"))
    assert str(read["SUMMARY"]) == f"invoices: {kept}"
