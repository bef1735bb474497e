"""`understudy check`."""

import textwrap
from datetime import UTC, datetime

from core.clock import FakeClock
from tests.understudy.conftest import TOML, Desk
from understudy.checkup import Checkup

PORTAL = '''
"""A portal that is asked whether it answers."""

from understudy import PortalUnavailable, Target


class Portal(Target):
    """The portal."""

    name = "portal"

    def probe(self):
        """Answer only when the settings say so."""
        if not self.settings.options.get("up"):
            raise PortalUnavailable("portal does not answer: connection refused")
'''


def _with_portal(desk: Desk, *, up: bool) -> None:
    (desk.folder / "targets").mkdir()
    (desk.folder / "targets" / "portal.py").write_text(PORTAL)
    bot = desk.folder / "bots" / "clerk" / "bot.py"
    bot.write_text(bot.read_text().replace("from pydantic", "from targets.portal import Portal\nfrom pydantic", 1))
    table = f"""
        [targets.portal]
        profile = "test"
        secrets = {{ user = "portal_user", password = "portal_password" }}
        options = {{ up = {str(up).lower()} }}
    """
    desk.toml(TOML.replace('targets = ["outbox"]', 'targets = ["outbox", "portal"]') + textwrap.dedent(table))


def _secrets(desk: Desk) -> None:
    folder = desk.folder / "var" / "secrets"
    folder.mkdir(parents=True)
    for name in ("portal_user", "portal_password"):
        (folder / name).write_text("correct horse")


def test_everything_in_place(desk: Desk) -> None:
    """Each part is named and the command ends with 0; the secrets' values are not printed."""
    _with_portal(desk, up=True)
    _secrets(desk)
    said = desk.type("check")
    assert said.code == 0, said.out
    assert "Everything is in place." in said.out
    assert "portal answers" in said.out
    assert "correct horse" not in said.out


def test_a_missing_secret_ends_with_40(desk: Desk) -> None:
    """Each secret that is missing is named with every place looked in."""
    _with_portal(desk, up=True)
    said = desk.type("check", "--json")
    assert said.code == 40
    told = [one["says"] for one in said.json["findings"] if not one["good"]]
    assert len(told) == 2
    assert "UNDERSTUDY_SECRET_PORTAL_PASSWORD" in told[0] + told[1]


def test_a_silent_target_ends_with_30(desk: Desk) -> None:
    """A target that does not answer is told with its reason."""
    _with_portal(desk, up=False)
    _secrets(desk)
    said = desk.type("check")
    assert said.code == 30
    assert "connection refused" in said.out


def test_all_problems_are_told_at_once(desk: Desk) -> None:
    """A bot that does not load, a missing secret and a store that does not open: all are told, and 50 wins."""
    _with_portal(desk, up=True)
    (desk.folder / "bots" / "clerk" / "bot.py").write_text("import nothing_of_that_name")
    (desk.folder / "var").mkdir()
    (desk.folder / "var" / "understudy.db").write_text("this is not a database, whatever it is called")
    said = desk.type("check", "--json")
    assert said.code == 50
    assert {one["part"] for one in said.json["findings"] if not one["good"]} == {"store", "bots", "secrets"}


def test_a_file_that_cannot_be_read_is_all_there_is_to_tell(desk: Desk) -> None:
    """bots.toml that is no TOML ends with 50 and its line."""
    desk.toml("[installation\n")
    said = desk.type("check")
    assert said.code == 50
    assert "not valid TOML" in said.out


PORTAL_HOURS = """
[targets.portal]
profile = "test"
open = ["sat 10:00-12:00"]
"""


def _told(desk: Desk, toml: str, at: str) -> Checkup:
    """Return what is found at an instant."""
    desk.toml(TOML.replace('targets = ["outbox"]', 'targets = ["outbox", "portal"]') + toml)
    return Checkup.of(desk.folder, clock=FakeClock(datetime.fromisoformat(at).replace(tzinfo=UTC)).clock())


def test_schedules_say_when_they_are_due_next(desk: Desk) -> None:
    """With the zone, the deadline, whether targets are open then, and how far the calendars are known."""
    table = '[bots.clerk.schedules.morning]\nworkdays = "07:30"\ndeadline = "11:00"\ncalendar = "wales"\n'
    wales = '[calendars.wales]\nnation = "wales"\n'
    found = _told(desk, PORTAL_HOURS + table + wales, "2026-12-24 12:00").findings
    assert [one.says for one in found if one.part in ("schedules", "calendars", "hours")] == [
        "wales: bank holidays of Wales, known until 31 December 2027",
        "portal is closed: opening hours are sat 10:00-12:00; it opens Sat 26 Dec 2026 10:00 (Europe/London)",
        "clerk/morning: due next Tue 29 Dec 2026 07:30 (Europe/London), to have reported by Sat 02 Jan 2027 13:30; "
        "then portal is closed: opening hours are sat 10:00-12:00; it opens Sat 02 Jan 2027 10:00 (Europe/London)",
    ]
    open_now = _told(desk, PORTAL_HOURS, "2026-12-26 11:00").findings
    assert "portal is open; it closes Sat 26 Dec 2026 12:00 (Europe/London)" in [one.says for one in open_now]


def test_a_schedule_that_is_never_due_ends_with_50(desk: Desk) -> None:
    """As does a target that never opens: somebody meant something else."""
    table = 'maintenance = ["daily 00:00-24:00"]\n[bots.clerk.schedules.often]\nevery = "1h"\n'
    checkup = _told(desk, PORTAL_HOURS + table, "2026-12-24 12:00")
    assert checkup.exit_code == 50
    told = [one.says for one in checkup.findings if not one.good]
    assert any("clerk/often is never due" in says for says in told)
    assert any("does not open within 400 days" in says and "targets.portal" in says for says in told)


def test_calendars_that_run_out_are_told_and_stop_nothing(desk: Desk) -> None:
    """It is to be mended, and until then everything runs: the exit code is as it would be without."""
    table = '[bots.clerk.schedules.morning]\nworkdays = "07:30"\n'
    checkup = _told(desk, PORTAL_HOURS + table, "2027-12-01 12:00")
    (told,) = (one.says for one in checkup.findings if not one.good)
    assert told.startswith("calendar default: the bank holidays that are known for sure end on 31 December 2027")
    assert checkup.exit_code == 0
