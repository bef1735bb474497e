"""What is told, and when: grouped, repeated while it lasts, tried again until a channel takes it."""

from collections.abc import Sequence
from datetime import UTC, timedelta

import pytest

from core.clock import FakeClock
from core.model.notices import Alert, Finding, Notice, Part, Severity
from core.notify import Outbox
from core.notify.wording import Wording
from core.store import Database, notices
from core.store import tables as t
from tests.core.notify.conftest import Box, notifier

GROUP, AGAIN = timedelta(minutes=5), timedelta(hours=4)
HELD = Finding(
    alert=Alert.ON_HOLD,
    subject="target ledger",
    says="It is held: LOGIN_FAILED.",
    about={"SCOPE": "target", "NAME": "ledger"},
)
LATE = Finding(alert=Alert.RUN_NOT_STARTED, subject="invoices/morning", says="Due at 07:30.", about={"BOT": "invoices"})
MISSED = Finding(alert=Alert.RUN_MISSED, subject="invoices/noon", says="Nobody was there.", over=True)
CASES = Finding(alert=Alert.CASES_WAIT, subject="invoices", says="3 cases.")


class Office:
    """An outbox with its channels, and looks that find what they are told."""

    def __init__(self, database: Database, clock: FakeClock, boxes: Sequence[Box], least: Severity) -> None:
        self.database = database
        self.clock = clock
        self.boxes = boxes
        sender = notifier(boxes, clock, least=least)
        self.least = sender.least
        wording = Wording(installation="Harbour Office", place="on app1", local=lambda at: at.astimezone(UTC))
        self.outbox = Outbox(database, sender, group=GROUP, again=AGAIN, message=wording.message)

    def look(self, *found: Finding, looked: Sequence[Alert] = tuple(Alert)) -> list[str]:
        """Find something, deliver, and return the subjects that the channels got."""
        with self.database.transaction(actor="system:test") as tx:
            notices.take(tx, found, looked=looked, least=self.least)
        before = {box.name: len(box.got) for box in self.boxes}
        self.outbox.deliver()
        return [message.subject for box in self.boxes for message in box.got[before[box.name] :]]

    def all(self) -> Sequence[Notice]:
        """Return every notice, oldest first."""
        with self.database.reading() as tx:
            return notices.newest(tx, most=100)[::-1]


@pytest.fixture
def office(database: Database, clock: FakeClock) -> Office:
    """An office with one channel."""
    return Office(database, clock, [Box("mail")], Severity.WARNING)


def test_one_message_tells_everything_a_look_finds(office: Office) -> None:
    """Two findings are one message; what it is about, what is safe and what to type stand in it, names put in."""
    (subject,) = office.look(HELD, LATE)
    assert subject == "Harbour Office: URGENT: a bot or a target is held (target ledger) and 1 more"
    body = office.boxes[0].got[0].body
    assert "- target ledger: It is held: LOGIN_FAILED." in body
    assert "    understudy release target ledger" in body
    assert "    understudy run invoices" in body
    assert Alert.ON_HOLD.safe in body


def test_what_lasts_is_told_once_and_again_after_hours(office: Office) -> None:
    """Found at every look, it is told at the first, and repeated only when `again` has passed."""
    assert len(office.look(HELD)) == 1
    for _ in range(5):
        office.clock.tick(timedelta(minutes=30))
        assert office.look(HELD) == []
    office.clock.tick(timedelta(hours=2))
    assert len(office.look(HELD)) == 1
    assert "It lasts since Mon 02 Mar 12:00." in office.boxes[0].got[-1].body
    assert [notice.part for notice in office.all()] == [Part.AGAIN]


def test_what_has_weeks_to_be_mended_is_told_again_once_a_week(office: Office) -> None:
    """That known holidays run out is said two months ahead, and repeated each week, not each night."""
    ends = Finding(alert=Alert.CALENDAR_ENDS, subject="calendar default", says="They end soon.")
    assert len(office.look(ends)) == 1
    office.clock.tick(timedelta(days=6))
    assert office.look(ends) == []
    office.clock.tick(timedelta(days=1))
    assert len(office.look(ends)) == 1


def test_messages_keep_their_distance(office: Office) -> None:
    """What comes up right after a message waits for the group's time, and is then told together."""
    office.look(HELD)
    office.clock.tick(timedelta(minutes=1))
    assert office.look(HELD, LATE) == []
    office.clock.tick(timedelta(minutes=3))
    assert office.look(HELD, LATE, CASES) == []
    office.clock.tick(timedelta(minutes=1))
    (subject,) = office.look(HELD, LATE, CASES)
    assert subject == "Harbour Office: URGENT: a run did not start (invoices/morning) and 1 more"


def test_the_end_is_told_to_who_was_told(office: Office) -> None:
    """When it is found no more the end is told once; a new beginning is a new notice."""
    office.look(HELD)
    office.clock.tick(GROUP)
    assert office.look() == ["Harbour Office: ended: a bot or a target is held (target ledger)"]
    assert "From Mon 02 Mar 12:00 to Mon 02 Mar 12:05." in office.boxes[0].got[-1].body
    office.clock.tick(GROUP)
    assert office.look() == []
    assert len(office.look(HELD)) == 1
    assert len(office.all()) == 2


def test_what_ends_before_it_is_told_is_told_with_its_end(office: Office) -> None:
    """Nothing is swallowed because it ended within the group's time."""
    office.look(HELD)
    office.clock.tick(timedelta(minutes=1))
    office.look(HELD, LATE)
    office.clock.tick(timedelta(minutes=1))
    office.look(HELD)
    office.clock.tick(timedelta(minutes=3))
    assert len(office.look(HELD)) == 1
    assert "From Mon 02 Mar 12:01 to Mon 02 Mar 12:02." in office.boxes[0].got[-1].body
    office.clock.tick(GROUP)
    assert office.look(HELD) == []


def test_what_is_over_is_told_once_for_ever(office: Office) -> None:
    """A missed run is found at every look of a week, and told once, without an end and without repetition."""
    assert len(office.look(MISSED)) == 1
    for _ in range(10):
        office.clock.tick(timedelta(hours=5))
        assert office.look(MISSED) == []
    assert office.look() == []
    assert len(office.all()) == 1


def test_a_rule_that_did_not_look_ends_nothing(office: Office) -> None:
    """A notice stays as it is when nobody looked whether it lasts."""
    office.look(HELD)
    office.clock.tick(GROUP)
    assert office.look(looked=[alert for alert in Alert if alert is not Alert.ON_HOLD]) == []
    assert [notice.resolved_at for notice in office.all()] == [None]


def test_what_is_not_grave_enough_is_stored_and_not_told(database: Database, clock: FakeClock) -> None:
    """An installation that wants urgent things only gets no mail about cases that wait, nor of their end."""
    office = Office(database, clock, [Box("mail")], Severity.URGENT)
    assert office.look(CASES) == []
    clock.tick(AGAIN * 2)
    assert office.look(CASES) == []
    assert office.look() == []
    assert [notice.alert for notice in office.all()] == [Alert.CASES_WAIT]


def test_while_no_channel_takes_it_it_is_tried_ever_more_seldom_and_never_lost(
    database: Database, clock: FakeClock
) -> None:
    """Tries come after half a minute, one, two, up to a quarter of an hour; the first channel that works has it all."""
    mail, chat = Box("mail", broken=True), Box("chat", broken=True)
    office = Office(database, clock, [mail, chat], Severity.WARNING)
    tried = []
    for minute in range(60 * 2):
        office.look(HELD, *([LATE] if minute < 20 else []))
        with database.reading() as tx:
            tried.append(len(notices.deliveries(tx, 1)) // 2)
        clock.tick(timedelta(seconds=30))
    assert tried[:16] == [1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 5]
    assert tried[-1] < 12
    chat.broken = False
    clock.tick(timedelta(minutes=15))
    assert len(office.look(HELD)) == 1
    body = chat.got[0].body
    assert "invoices/morning" in body, "it had ended, but nobody was told of it"
    assert "target ledger" in body
    with database.reading() as tx:
        last = notices.deliveries(tx, 1)[-2:]
        assert [(one.channel, one.taken) for one in last] == [("mail", False), ("chat", True)]
        assert notices.failing_since(tx, "mail") is not None
        assert notices.failing_since(tx, "chat") is None


def test_who_knows_is_not_told_again_until_their_time_is_over(office: Office) -> None:
    """An acknowledged notice is not repeated before its instant, and then it is; its end is told at any time."""
    office.look(HELD)
    with office.database.transaction(actor="person:anna") as tx:
        assert notices.keep_quiet(tx, 1, until=tx.now + timedelta(hours=10), by="person:anna")
        assert not notices.keep_quiet(tx, 2, until=tx.now, by="person:anna")
    office.clock.tick(timedelta(hours=9))
    assert office.look(HELD) == []
    office.clock.tick(timedelta(hours=1))
    assert len(office.look(HELD)) == 1


def test_many_of_a_kind_are_counted(office: Office) -> None:
    """Of thirty runs that were missed five are named, and how many more there are."""
    many = [Finding(alert=Alert.RUN_MISSED, subject=f"invoices/{n}", says="Missed.", over=True) for n in range(30)]
    office.look(*many)
    body = office.boxes[0].got[0].body
    assert body.count("- invoices/") == 5
    assert "- and 25 more" in body


def test_a_process_that_dies_before_it_stores_the_delivery_tells_it_twice(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between sending and storing a death repeats the message; the other order would lose it."""

    def dies(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(notices, "record", dies)
        with pytest.raises(KeyboardInterrupt):
            office.look(HELD)
    assert len(office.look(HELD)) == 1
    assert len(office.boxes[0].got) == 2


def test_a_clock_that_was_far_ahead_silences_nothing(office: Office) -> None:
    """What was told, and is to be told, by a clock a year ahead keeps nothing back once the clock is right."""
    office.look(HELD, LATE)
    with office.database.transaction(actor="system:test") as tx:
        ahead = tx.now + timedelta(days=365)
        tx.connection.execute(t.delivery.update().values(at=ahead))
        tx.connection.execute(t.notice.update().values(told_at=ahead))
        late = t.notice.c.code == Alert.RUN_NOT_STARTED
        tx.connection.execute(t.notice.update().where(late).values(told_at=None, tell_at=ahead))
    office.clock.tick(timedelta(minutes=1))
    (subject,) = office.look(HELD, LATE)
    assert subject == "Harbour Office: URGENT: a bot or a target is held (target ledger) and 1 more"
    office.clock.tick(GROUP)
    assert office.look(HELD, LATE) == []
