"""Time zones: names, and the local times that clock changes skip or repeat."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.timing.zones import (
    first_passing,
    in_zone,
    last_passing,
    local_text,
    parse_zone,
    passings,
    refuse_unsafe,
    unsafe_span,
    wall_spans,
)

LONDON, BERLIN = ZoneInfo("Europe/London"), ZoneInfo("Europe/Berlin")
# Of each zone days before its clocks change; Cairo's do so at midnight, Lord Howe's by half an hour.
_CHANGES = [
    ("Europe/London", (3, 28), (10, 24)),
    ("Europe/Berlin", (3, 28), (10, 24)),
    ("Africa/Cairo", (4, 23), (10, 29)),
    ("Asia/Beirut", (3, 28), (10, 24)),
    ("Australia/Lord_Howe", (4, 4), (10, 3)),
    ("America/Santiago", (4, 4), (9, 5)),
    ("America/New_York", (3, 7), (10, 31)),
    ("UTC", (3, 28), (10, 24)),
]
NEAR = st.builds(
    lambda change, minutes: (ZoneInfo(change[0]), change[1] + timedelta(minutes=minutes)),
    st.sampled_from([(name, datetime(2026, *day)) for name, *days in _CHANGES for day in days]),  # noqa: DTZ001
    st.integers(0, 36 * 60),
)  # a zone, and a time on its clocks within a day and a half before or after a change


def shown(zone: ZoneInfo, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """Return each minute from one instant until before another, with what clocks show then."""
    found = []
    while start < end:
        found.append((start, start.astimezone(zone).replace(tzinfo=None, fold=0)))
        start += timedelta(minutes=1)
    return found


def test_a_zone_is_found_by_name() -> None:
    """A name gives the zone, and a zone itself passes."""
    assert parse_zone("Europe/Berlin") is parse_zone(BERLIN) is BERLIN


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Europe/Lodon", 'did you mean "Europe/London"'),
        ("", "a zone has a name"),
        ("/etc/passwd", "a zone has a name"),
        ("../UTC", "a zone has a name"),
        ("Europe", "a zone has a name"),
        (3, "a zone has a name"),
    ],
)
def test_another_name_is_answered_with_the_nearest(name: object, told: str) -> None:
    """Who mistypes is told how zones are called, never with a stack trace of the machine's files."""
    with pytest.raises(ValueError, match=told):
        parse_zone(name)


def test_people_read_local_times() -> None:
    """Summer time is shown where it is in force."""
    assert local_text(datetime(2026, 7, 1, 6, 30, tzinfo=UTC), LONDON) == "Wed 01 Jul 2026 07:30"


@pytest.mark.parametrize(
    ("zone", "at", "span"),
    [
        ("Europe/London", "01:00", ("01:00", "02:00")),
        ("Europe/London", "01:59", ("01:00", "02:00")),
        ("Europe/London", "00:59", None),
        ("Europe/London", "02:00", None),
        ("Europe/Berlin", "02:30", ("02:00", "03:00")),
        ("Europe/Berlin", "01:30", None),
        ("UTC", "01:30", None),
        ("America/New_York", "01:30", ("01:00", "03:00")),  # repeats from 01:00, skips from 02:00
        ("Australia/Lord_Howe", "01:45", ("01:30", "02:30")),
        ("Africa/Cairo", "23:30", ("23:00", "01:00")),  # repeats before midnight, skips after it
        ("Africa/Cairo", "00:30", ("23:00", "01:00")),
        ("Africa/Cairo", "01:00", None),
    ],
)
def test_the_hours_that_clocks_skip_or_repeat(zone: str, at: str, span: tuple[str, str] | None) -> None:
    """They are known for each zone, both changes together, over midnight too."""
    expected = None if span is None else tuple(time.fromisoformat(end) for end in span)
    assert unsafe_span(time.fromisoformat(at), ZoneInfo(zone)) == expected


@pytest.mark.parametrize(
    ("zone", "at", "told"),
    [
        ("Europe/London", "01:30", "choose 00:59 or earlier, or 02:00 or later"),
        ("Europe/Berlin", "02:00", "choose 01:59 or earlier, or 03:00 or later"),
        ("Africa/Cairo", "00:00", "choose 22:59 or earlier, or 01:00 or later"),
    ],
)
def test_such_an_hour_is_refused_with_the_nearest_that_is_not(zone: str, at: str, told: str) -> None:
    """The sentence names the hour, the zone and what to choose."""
    with pytest.raises(ValueError, match=rf"{at} lies in .* clocks in {zone} .*{told}"):
        refuse_unsafe(time.fromisoformat(at), ZoneInfo(zone))


@given(NEAR)
def test_a_safe_time_comes_once_a_day(near: tuple[ZoneInfo, datetime]) -> None:
    """What is not refused, clocks show exactly once on each day."""
    zone, local = near
    if unsafe_span(local.time(), zone) is None:
        assert len(passings(local, zone)) == 1
        assert in_zone(local.date(), local.time(), zone) == passings(local, zone)[0]


@given(NEAR)
def test_passings_are_what_clocks_show(near: tuple[ZoneInfo, datetime]) -> None:
    """Each instant at which clocks show the time is found, and no other."""
    zone, local = near
    middle = local.replace(tzinfo=UTC)
    around = shown(zone, middle - timedelta(hours=15), middle + timedelta(hours=15))
    assert list(passings(local, zone)) == [at for at, there in around if there == local]


@given(NEAR)
def test_the_first_and_the_last_passing_enclose_a_time(near: tuple[ZoneInfo, datetime]) -> None:
    """They are the ends of what can be meant, and the same where nothing changes."""
    zone, local = near
    first, last = first_passing(local.date(), local.time(), zone), last_passing(local.date(), local.time(), zone)
    assert all(first <= at <= last for at in passings(local, zone))
    assert (first == last) == (len(passings(local, zone)) == 1)


@given(NEAR, st.integers(1, 24 * 60))
def test_a_span_is_what_clocks_show(near: tuple[ZoneInfo, datetime], minutes: int) -> None:
    """An instant lies in a span exactly when clocks show a time of the span, whatever they skip or repeat in it."""
    zone, local = near
    last = local + timedelta(minutes=minutes)
    spans = wall_spans(local, last, zone)
    middle = local.replace(tzinfo=UTC)
    for at, there in shown(zone, middle - timedelta(hours=15), middle + timedelta(hours=40)):
        assert (local <= there < last) == any(start <= at < end for start, end in spans), at
    assert all(start < end for start, end in spans)
    assert all(one[1] < other[0] for one, other in pairwise(spans)), "spans that meet are joined"


def test_an_instant_is_found_for_what_clocks_skip() -> None:
    """In spring 01:30 in London stands for the instant an hour after 00:30."""
    assert in_zone(date(2026, 3, 29), time(1, 30), LONDON) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
