"""How things stand: holds, disks, the scheduler's sign, calendars, channels."""

from datetime import timedelta

import pytest

from core.model.notices import Alert, Delivery
from core.store import holds, notices, signs
from schedules.watching import standing
from tests.schedules.watching.conftest import TOML, Office


def test_what_the_program_holds_is_found_at_once(office: Office) -> None:
    """A target that refused a login, and a bot with too many errors: by their code, never by a text someone typed."""
    office.do(holds.place, "target", "ledger", code="LOGIN_FAILED", reason="J. Smith's account", by="system:attempt")
    (found,) = office.find(standing.held)
    assert (found.alert, found.subject) == (Alert.ON_HOLD, "target ledger")
    assert found.says == "It is held since Mon 02 Mar 2026 12:00: LOGIN_FAILED."
    assert found.about == {"SCOPE": "target", "NAME": "ledger"}


def test_what_a_person_holds_is_found_when_it_seems_forgotten(office: Office) -> None:
    """After a day."""
    office.do(holds.place, "bot", "letters", code="HELD_BY_HAND", reason="stocktaking", by="person:anna")
    office.at("12:00", days=1)
    assert office.find(standing.held) == []
    office.at("12:01")
    assert "held by hand since" in office.find(standing.held)[0].says


def test_a_disk_with_too_little_room_is_found(office: Office) -> None:
    """Below two gigabytes, or what bots.toml says."""
    office.free = {"disk of var": 1_900_000_000, "disk of the evidence": 2_000_000_000}
    (found,) = office.find(standing.disks)
    assert (found.subject, found.says) == ("disk of var", "1.9 GB are free; there should be 2GB.")
    office.toml = TOML + '[alerts]\ndisk_free = "500MB"\n'
    assert office.find(standing.disks) == []


def test_a_scheduler_that_gives_no_sign_is_found(office: Office) -> None:
    """Three minutes after the last sign of the last of them."""
    office.do(signs.give, "scheduler:app1")
    office.at("12:02")
    office.do(signs.give, "scheduler:app2")
    office.at("12:05")
    assert office.find(standing.scheduler) == []
    office.at("12:06")
    (found,) = office.find(standing.scheduler)
    assert found.says == "The last sign came from app2, Mon 02 Mar 2026 12:02."


def test_an_installation_that_no_scheduler_ever_served_is_found(office: Office) -> None:
    """Something is scheduled, and nobody was ever there to do it; without schedules nobody need be."""
    office.present = office.now
    office.at("12:03")
    assert office.find(standing.scheduler) == []
    office.at("12:04")
    assert len(office.find(standing.scheduler)) == 1
    office.toml = TOML.replace("[bots.invoices.schedules.morning]", "[bots.invoices.settings]")
    assert office.find(standing.scheduler) == []


def test_a_scheduler_that_slept_with_the_watch_may_wake_up(office: Office) -> None:
    """Its last sign is of yesterday, and so is the watch's last look."""
    office.do(signs.give, "scheduler:app1")
    office.at("08:00", days=1)
    office.present = office.now
    assert office.find(standing.scheduler) == []
    office.at("08:04")
    assert len(office.find(standing.scheduler)) == 1


@pytest.mark.parametrize(("year", "number"), [(2026, 0), (2040, 1)])
def test_a_calendar_whose_known_years_run_out_is_found(office: Office, year: int, number: int) -> None:
    """Only calendars that something goes by."""
    office.at("12:00", days=(year - 2026) * 366)
    assert len(office.find(standing.calendars)) == number


def test_a_channel_that_takes_nothing_is_found_until_it_takes_something(office: Office) -> None:
    """Since its first failure after its last success."""
    office.channels = ("mail", "chat")
    for minute, error in ((1, None), (2, "it is down"), (3, "it is down")):
        office.at(f"12:0{minute}")
        office.do(notices.record_test, [Delivery(channel="mail", at=office.now, error=error)])
    (found,) = office.find(standing.channels)
    assert (found.subject, found.says) == ("channel mail", "It has taken nothing since Mon 02 Mar 2026 12:02.")
    office.do(notices.record_test, [Delivery(channel="mail", at=office.now + timedelta(minutes=1), error=None)])
    assert office.find(standing.channels) == []
