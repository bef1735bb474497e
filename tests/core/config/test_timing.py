"""What bots.toml says of hours and schedules: what is made of it, and what is refused with which words."""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from core.timing.schedule import CatchUp
from core.timing.timetable import Cron, Days, Every, Interval, MonthEnd, Weekly, Workdays
from tests.core.config.reads import problems, read

TARGETS = """
[targets.ledger]
open = ["mon-fri 07:00-19:00", "sat 08:00-12:00"]
maintenance = ["sun 02:00-04:00", "2026-12-12 20:00/2026-12-13 06:00"]
freeze = ["-2 workdays 12:00 / 1 workday 09:00"]
closed_on_holidays = true
[targets.archive]
zone = "Europe/Berlin"
maintenance = ["daily 00:00-01:00"]
[targets.mail]
[bots.invoices]
targets = ["ledger", "mail", "archive"]
"""


def schedule(*lines: str) -> str:
    """Return a bots.toml whose bot has one schedule, called s, with these lines."""
    return "\n".join([TARGETS, "[bots.invoices.schedules.s]", *lines])


def rule(folder: Path, *lines: str, replaced: tuple[str, str] = ("", ""), text: str | None = None) -> str:
    """Return the digest of what decides when the one schedule is due."""
    whole = schedule(*lines) if text is None else text
    return read(folder, whole.replace(*replaced) if replaced[0] else whole).schedules()[0].rule


def test_every_form_is_read(tmp_path: Path) -> None:
    """In the file's order, each with the zone of the installation or its own; what is not enabled is left out."""
    config = read(
        tmp_path,
        TARGETS
        + """
[bots.invoices.schedules]
a = { workdays = "07:30" }
b = { days = "07:30", zone = "UTC" }
c = { weekly = "mon,thu 07:30" }
d = { month_end = "-2 workdays 16:00" }
e = { every = "15m", within = "mon-fri 08:00-18:00" }
f = { interval = "6h", catch_up = "each", jitter = "5m" }
g = { cron = "30 7 * * mon-fri" }
off = { days = "06:00", enabled = false }
[bots.timesheets]
enabled = false
[bots.timesheets.schedules.h]
days = "07:30"
""",
    )
    found = {one.name: one for one in config.schedules()}
    forms = [type(one.timetable) for one in found.values()]
    assert forms == [Workdays, Days, Weekly, MonthEnd, Every, Interval, Cron]
    assert [one.timetable.zone.key for one in found.values()][:2] == ["Europe/London", "UTC"]
    assert (found["f"].catch_up, found["f"].jitter, found["a"].catch_up) == (
        CatchUp.EACH,
        timedelta(minutes=5),
        CatchUp.ONCE,
    )
    assert found["a"].bot == "invoices"
    assert [hours.target for hours in found["a"].hours] == ["ledger", "archive"]


def test_the_installation_says_whose_clocks(tmp_path: Path) -> None:
    """Schedules and hours without a zone of their own take the installation's."""
    config = read(tmp_path, '[installation]\nzone = "Europe/Berlin"\n' + schedule('days = "07:30"'))
    assert config.schedules()[0].timetable.zone.key == config.hours()["ledger"].zone.key == "Europe/Berlin"


def test_hours_are_put_together(tmp_path: Path) -> None:
    """For targets that have any, by target and by bot; each with its zone and calendar."""
    config = read(tmp_path, TARGETS)
    assert list(config.hours()) == list(config.hours_of("invoices")) == ["ledger", "archive"]
    ledger, archive = config.hours()["ledger"], config.hours()["archive"]
    assert (len(ledger.open), len(ledger.maintenance), len(ledger.freezes)) == (2, 2, 1)
    assert ledger.open_at(datetime(2026, 11, 25, 7, tzinfo=UTC))
    assert not ledger.open_at(datetime(2026, 12, 25, 7, tzinfo=UTC))
    assert not archive.open_at(datetime(2026, 11, 24, 23, tzinfo=UTC))


def test_without_hours_nothing_is_made(tmp_path: Path) -> None:
    """A file that says nothing of time has no hours, no schedules and the one calendar."""
    config = read(tmp_path, "[targets.mail]\n[bots.invoices]\ntargets = ['mail']")
    assert (config.hours(), config.schedules(), config.calendars_in_use()) == ({}, (), ())
    assert list(config.calendars()) == ["default"]


def test_every_without_hours_of_its_own_keeps_to_those_of_its_targets(tmp_path: Path) -> None:
    """All targets of the bot that have any; hours of its own take their place."""
    (within,) = (one.timetable for one in read(tmp_path, schedule('every = "15m"')).schedules())
    assert isinstance(within, Every)
    assert [hours.target for hours in within.within] == ["ledger", "archive"]
    config = read(tmp_path, schedule('every = "15m"', 'within = ["mon-fri 08:00-12:00", "sat 09:00-10:00"]'))
    (own,) = (one.timetable for one in config.schedules())
    assert isinstance(own, Every)
    assert [len(hours.open) for hours in own.within] == [2]


@pytest.mark.parametrize(
    ("lines", "within", "by"),
    [
        (['workdays = "07:30"'], None, None),
        (['workdays = "07:30"', 'deadline = "11:00"'], None, time(11)),
        (['workdays = "07:30"', 'deadline = "2h"'], timedelta(hours=2), None),
        (['cron = "0 7,9 * * *"', 'deadline = "09:01"'], None, time(9, 1)),
        (['every = "15m"', 'deadline = "10m"'], timedelta(minutes=10), None),
        (['days = "07:30"', 'jitter = "30m"', 'deadline = "08:01"'], None, time(8, 1)),
    ],
)
def test_deadlines(tmp_path: Path, lines: list[str], within: timedelta | None, by: time | None) -> None:
    """A length after the due time, or an hour of the same day after the last due time."""
    (one,) = read(tmp_path, schedule(*lines)).schedules()
    assert (one.report_within, one.report_by) == (within, by)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([], ["schedules.s says nothing of when it is due", "workdays, days, weekly"]),
        (['days = "07:30"', 'interval = "6h"'], ["schedules.s has days and interval", "exactly one of"]),
        (['workday = "07:30"'], ["'bots.invoices.schedules.s.workday'", "allowed here", "workdays"]),
        (['days = "7:30"'], ["schedules.s.days", "'7:30'", '"07:30"']),
        (['days = "01:30"'], ["schedules.s.days", "01:30", "Europe/London", "00:59 or earlier, or 02:00 or later"]),
        (['days = "02:30"', 'zone = "Europe/Berlin"'], ["02:30", "Europe/Berlin", "01:59 or earlier, or 03:00"]),
        (['cron = "30 1 * * *"'], ["schedules.s.cron", "01:30", "00:59 or earlier"]),
        (['cron = "30 7 * * fry"'], ["schedules.s.cron", "'fry' is no day of the week"]),
        (['weekly = "monday 07:30"'], ["schedules.s.weekly", "'monday'", '"mon,thu"']),
        (['month_end = "-2 days 16:00"'], ["schedules.s.month_end", "'-2 days 16:00'", '"-2 workdays 16:00"']),
        (['every = "7m"'], ["schedules.s.every", "'7m'", '"15m"']),
        (['interval = "30s"'], ["schedules.s.interval", "'30s'", "whole minutes"]),
        (['every = "15m"', 'within = "mon-fri"'], ["schedules.s.within", "'mon-fri'", '"mon-fri 07:00-19:00"']),
        (['every = "15m"', "within = 3"], ["schedules.s.within", "3"]),
        (['days = "07:30"', 'within = "mon-fri 08:00-18:00"'], ["schedules.s.within", "`every`", "`days`"]),
        (['days = "07:30"', 'zone = "Europe/Lodon"'], ["schedules.s.zone", "'Europe/Lodon'", '"Europe/London"']),
        (['days = "07:30"', 'calendar = "walse"'], ["schedules.s.calendar", "'walse'", "calendars here: default"]),
        (['days = "07:30"', 'catch_up = "twice"'], ["schedules.s.catch_up", "'twice'", "'skip', 'once' or 'each'"]),
        (['days = "07:30"', 'deadline = "07:30"'], ["schedules.s.deadline", "'07:30'", "not lie after", "later hour"]),
        (['days = "07:30"', 'deadline = "soon"'], ["schedules.s.deadline", "'soon'", '"11:00"', '"2h"']),
        (['days = "07:30"', 'deadline = "0m"'], ["schedules.s.deadline", "'0m'", "longer"]),
        (['days = "07:30"', 'deadline = "25:00"'], ["schedules.s.deadline", "'25:00'"]),
        (['every = "15m"', 'deadline = "11:00"'], ["schedules.s.deadline", "around the clock", '"2h"']),
        (['cron = "0 7,12 * * *"', 'deadline = "11:00"'], ["schedules.s.deadline", "12:00"]),
        (['days = "07:30"', 'jitter = "1h"', 'deadline = "08:30"'], ["schedules.s.deadline", "put off by 1h"]),
        (['days = "07:30"', 'jitter = "1h"', 'deadline = "30m"'], ["schedules.s.deadline", "put off by 1h"]),
        (['every = "15m"', 'jitter = "15m"'], ["schedules.s.jitter", "15m", "next due time"]),
        (['cron = "0,10 * * * *"', 'jitter = "20m"'], ["schedules.s.jitter", "20m", "10m later"]),
    ],
)  # fmt: skip
def test_a_wrong_schedule_is_named_with_what_is_allowed(tmp_path: Path, lines: list[str], told: list[str]) -> None:
    """One sentence with the file, the key, what was found and what may stand there."""
    found = problems(tmp_path, schedule(*lines))
    (problem,) = [one for one in found if not one.endswith("month_end, every, interval, cron")] or found
    for words in ["bots.toml", *told]:
        assert words in problem


@pytest.mark.parametrize("name", ["by hand", "a/b", "-x", ""])
def test_a_schedule_has_a_name_that_can_be_typed(tmp_path: Path, name: str) -> None:
    """It is typed after the bot's, as BOT/NAME."""
    (problem,) = problems(tmp_path, TARGETS + f'[bots.invoices.schedules."{name}"]\ndays = "07:30"')
    assert "letters, digits" in problem


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('open = ["mon-fri 7-19"]', ["targets.x.open", "'mon-fri 7-19'", '"mon-fri 07:00-19:00"']),
        ('open = "mon-fri 07:00-19:00"', ["targets.x.open"]),
        ('open = ["mo-fr 07:00-19:00"]', ["targets.x.open", "'mo-fr'"]),
        ('maintenance = ["sun 02:00-02:00"]', ["targets.x.maintenance", "same time"]),
        ('maintenance = ["2026-12-13/2026-12-12"]', ["targets.x.maintenance", "ends before it begins"]),
        ('freeze = ["month end"]', ["targets.x.freeze", "'month end'", '"-2 workdays 12:00 / 1 workday 09:00"']),
        ('zone = "Mars"', ["targets.x.zone", "'Mars'"]),
        ('calendar = "walse"\nopen = ["mon 07:00-19:00"]', ["targets.x.calendar", "'walse'", "default"]),
        ('closed_on_holidays = "perhaps"', ["targets.x.closed_on_holidays", "'perhaps'"]),
    ],
)
def test_wrong_hours_are_named_with_what_is_allowed(tmp_path: Path, line: str, told: list[str]) -> None:
    """As every other key of the file."""
    (problem,) = problems(tmp_path, f"[targets.x]\n{line}")
    for words in ["bots.toml", *told]:
        assert words in problem


def test_all_mistakes_of_time_are_told_at_once(tmp_path: Path) -> None:
    """Of calendars, hours and schedules, those of disabled ones too, beside the others."""
    told = problems(
        tmp_path,
        """
colour = "blue"
[calendars.wales]
closed = ["24.12.2026", "2026-12-31/2026-12-29"]
overrides = "nowhere.toml"
[targets.ledger]
open = ["mon 7-19", "tue 7-19"]
calendar = "walse"
[bots.invoices.schedules.a]
days = "01:30"
calendar = "walse"
[bots.invoices.schedules.b]
enabled = false
[bots.timesheets]
enabled = false
[bots.timesheets.schedules.c]
cron = "x"
""",
    )
    expected = [
        "'colour'",
        "'24.12.2026'",
        "'2026-12-31/2026-12-29'",
        "nowhere.toml",
        "'mon 7-19'",
        "'tue 7-19'",
        "targets.ledger.calendar",
        "schedules.a.days",
        "schedules.a.calendar",
        "schedules.b says nothing",
        "schedules.c.cron",
    ]
    assert len(told) == len(expected), told
    for words in expected:
        assert any(words in problem for problem in told), words


def test_an_overlay_disables_one_and_adds_another(tmp_path: Path) -> None:
    """Forms are merged; who wants another form elsewhere disables the schedule and writes its own."""
    text = "[bots.invoices.schedules.s]\nworkdays = '07:30'\n"
    overlay = "[bots.invoices.schedules.s]\n{}\n[bots.invoices.schedules.uat]\ndays = '06:00'"
    config = read(tmp_path, text, chosen="uat", uat=overlay.format("enabled = false"))
    assert [one.name for one in config.schedules()] == ["uat"]
    (problem,) = problems(tmp_path, text, chosen="uat", uat=overlay.format("days = '07:30'"))
    assert "has workdays and days" in problem


def test_calendars_in_use_are_those_that_decide(tmp_path: Path) -> None:
    """One that only a daily time names may end without a warning."""
    config = read(
        tmp_path,
        """
[calendars.a]
[calendars.b]
[calendars.c]
[calendars.d]
[calendars.e]
[targets.one]
calendar = "a"
freeze = ["12:00 / 1 workday 09:00"]
[targets.two]
calendar = "b"
closed_on_holidays = true
[targets.three]
calendar = "c"
open = ["mon-fri 07:00-19:00"]
[bots.x.schedules]
s = { days = "07:30", calendar = "d" }
t = { month_end = "16:00", calendar = "e" }
""",
    )
    assert [calendar.name for calendar in config.calendars_in_use()] == ["a", "b", "e"]


class TestRule:
    """The digest of what decides when a schedule is due: with another one the next due time is worked out anew."""

    WALES = "\n[calendars.wales]\nnation = 'wales'\n"
    WELSH = schedule('workdays = "07:30"', 'calendar = "wales"') + WALES

    def test_what_decides_when_it_is_due_changes_it(self, tmp_path: Path) -> None:
        """The form, its text, the zone, the calendar's name and what the calendar holds."""
        rules = [
            rule(tmp_path, 'workdays = "07:30"'),
            rule(tmp_path, 'workdays = "07:31"'),
            rule(tmp_path, 'days = "07:30"'),
            rule(tmp_path, 'workdays = "07:30"', 'zone = "UTC"'),
            rule(tmp_path, text='[installation]\nzone = "UTC"' + schedule('weekly = "mon 07:30"')),
            rule(tmp_path, text=self.WELSH),
            rule(tmp_path, text=self.WELSH + "closed = ['2026-12-24']"),
        ]
        assert len(set(rules)) == len(rules)

    def test_what_happens_then_does_not(self, tmp_path: Path) -> None:
        """Catching up, jitter, the deadline; and what a file says of other things."""
        plain = rule(tmp_path, 'workdays = "07:30"')
        assert rule(tmp_path, 'workdays = "07:30"', 'catch_up = "each"', 'jitter = "5m"', 'deadline = "11:00"') == plain
        assert rule(tmp_path, 'workdays = "07:30"', replaced=("sat 08:00-12:00", "sat 08:00-13:00")) == plain
        assert rule(tmp_path, 'workdays = "07:30"', text=schedule('workdays = "07:30"') + self.WALES) == plain

    def test_hours_of_targets_decide_where_every_keeps_to_them(self, tmp_path: Path) -> None:
        """Their hours do, with their calendars; their other keys do not, nor do they where it has hours of its own."""
        often = rule(tmp_path, 'every = "15m"')
        assert rule(tmp_path, 'every = "15m"', replaced=("sat 08:00-12:00", "sat 08:00-13:00")) != often
        assert rule(tmp_path, 'every = "15m"', replaced=("[targets.mail]", "[targets.mail]\ntimeout = '9s'")) == often
        assert rule(tmp_path, 'every = "15m"', replaced=("[targets.archive]", "[targets.archive]\nslots = 2")) == often
        own = 'within = "mon-fri 08:00-18:00"'
        assert rule(tmp_path, 'every = "15m"', own, replaced=("sat 08:00", "sat 09:00")) == rule(
            tmp_path, 'every = "15m"', own
        )

    def test_the_override_file_is_part_of_the_calendar(self, tmp_path: Path) -> None:
        """A holiday that is added counts at once; up to when somebody looked does not."""
        text = self.WELSH + 'overrides = "wales.toml"'
        file = tmp_path / "wales.toml"
        file.write_text("")
        empty = rule(tmp_path, text=text)
        file.write_text("known_until = 2029-12-31")
        assert rule(tmp_path, text=text) == empty
        file.write_text("[[holiday]]\nday = 2027-06-07\nname = 'Extra bank holiday'")
        assert rule(tmp_path, text=text) != empty

    def test_it_outlives_releases(self, tmp_path: Path) -> None:
        """The digest of a file that did not change is this one, in every process and release.

        With another one a due time that is over would be forgotten while the release is put in place.
        """
        text = self.WELSH.replace("workdays =", "every = '15m' #") + "closed = ['2026-12-24']"
        assert rule(tmp_path, text=text) == "81f8c0077bb6aa76110ab61b61965336"
