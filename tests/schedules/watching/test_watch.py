"""The watch as a whole: who is told what, and who is not."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from core.errors import StoreUnavailable
from core.model.notices import Alert
from core.model.runs import ExitCode
from core.notify import NotDelivered, Outbox
from core.notify.wording import Wording
from core.store import holds, notices, reviews, signs
from schedules.watching import watch as watching
from schedules.watching.expected import Expected
from schedules.watching.opening import _passing, free_room
from schedules.watching.watch import Watch
from tests.core.notify.conftest import Box, notifier
from tests.schedules.watching.conftest import Office
from tests.schedules.watching.test_waiting import case


class Trail:
    """A trail of which a test says what is found."""

    looked = True

    def findings(self) -> Iterator[object]:
        """Nothing."""
        return iter(())


@dataclass
class Guard:
    """A watch over an office, with one channel and a dead man's URL."""

    office: Office
    name: str = "watch@app1"
    box: Box = field(default_factory=lambda: Box("mail"))
    alive: int = 0  # how often the URL was called
    deaf: bool = False  # it does not answer
    scheduler: bool = True  # gives signs
    share: bool = True  # the place of the evidence answers
    watch: Watch = field(init=False)

    def __post_init__(self) -> None:
        office, clock = self.office, self.office.clock
        expected = Expected.of(office.config)
        sender = notifier([self.box], clock, least=expected.alerts.severity)
        words = Wording(installation="Harbour Office", place="on app1", local=lambda at: at.astimezone(UTC))
        self.watch = Watch(
            office.database,
            expected=expected,
            notifier=sender,
            outbox=Outbox(
                office.database,
                sender,
                group=expected.alerts.group,
                again=expected.alerts.again,
                message=words.message,
            ),
            trail=Trail(),  # type: ignore[arg-type]
            free=self._free,
            alive=self._call,
            message=lambda says: words.message([_passing(Alert.STORE_SILENT, says, office.now)]),
            name=self.name,
            clock=clock.clock(),
        )

    def _free(self) -> dict[str, int]:
        if not self.share:
            raise OSError(116, "Stale file handle")
        return {}

    def _call(self) -> None:
        if self.deaf:
            raise NotDelivered("no answer")
        self.alive += 1

    def look(self, *, minutes: float = 0) -> list[str]:
        """Let time pass with a look every half minute; return the subjects of the mails."""
        before = len(self.box.got)
        for _ in range(int(minutes * 2)):
            self.office.clock.tick(30)
            self._turn()
        if not minutes:
            self._turn()
        return [message.subject.removeprefix("Harbour Office: ") for message in self.box.got[before:]]

    def _turn(self) -> None:
        if self.scheduler:
            self.office.do(signs.give, "scheduler:app1")
        self.watch.turn()

    def open(self) -> list[tuple[Alert, str]]:
        """Return what lasts."""
        with self.office.database.reading() as tx:
            return [(notice.alert, notice.subject) for notice in notices.open_ones(tx)]


@pytest.fixture
def guard(office: Office) -> Guard:
    """A watch that has looked once."""
    made = Guard(office)
    made.look()
    return made


def test_a_healthy_week_with_cases_for_people_tells_nobody_anything(guard: Guard) -> None:
    """Runs begin and end in time, people answer within two days, nights and a weekend pass: no message at all."""
    office = guard.office
    for day in range(7):
        office.at("07:30", days=1)
        office.make()
        if (day + 1) % 7 not in (5, 6):
            begun = office.begin()
            assert guard.look(minutes=20) == []
            office.end(begun)
            case(office, f"case {day}")
        for _ in range(6):
            assert guard.look(minutes=2) == []
            office.clock.tick(timedelta(hours=2) if office.now.hour < 18 else timedelta(minutes=10))
            guard.look()
        _answer(office)
    assert guard.box.got == []
    assert guard.open() == []
    assert guard.alive > 80


def _answer(office: Office) -> None:
    """Let people answer all but the newest case."""
    with office.database.transaction(actor="person:anna") as tx:
        for task in list(reviews.waiting(tx))[:-1]:
            reviews.change(tx, task, values={"state": "resolved", "resolved_at": tx.now})


def test_a_morning_without_a_scheduler_is_told_and_its_end_too(guard: Guard) -> None:
    """Silence after three minutes, the run after its grace, in few messages; then that both are over."""
    office = guard.office
    office.at("07:25", days=1)
    guard.look(minutes=1)
    guard.scheduler = False
    assert guard.look(minutes=5) == ["URGENT: no scheduler gives a sign (scheduler)"]
    (told,) = guard.look(minutes=15)
    assert told == "URGENT: a run did not start (invoices/morning 2026-03-03T07:30)"
    guard.scheduler = True
    office.make()
    office.begin()
    (over,) = guard.look(minutes=6)
    assert over == "ended: no scheduler gives a sign (scheduler) and 1 more"
    assert guard.open() == []


def test_a_failed_run_is_told_within_a_turn(guard: Guard) -> None:
    """Of any bot that is enabled, scheduled or not."""
    guard.office.run("letters", code=ExitCode.FAILED)
    assert guard.look(minutes=0.5) == ["URGENT: the last run of a bot failed (letters)"]
    assert "understudy retry letters" in guard.box.got[0].body


def test_of_two_watches_one_tells_and_the_other_takes_over(guard: Guard) -> None:
    """The second looks on; when the first is silent for its lease, the second tells what has come up since."""
    second = Guard(guard.office, name="watch@app2")
    guard.office.run("letters", code=ExitCode.FAILED)
    assert second.look() == []
    assert second.alive == 1, "it is alive all the same"
    assert second.look(minutes=3) == ["URGENT: the last run of a bot failed (letters)"]
    assert guard.look() == []


def test_a_watch_that_stops_lets_the_next_begin_at_once(guard: Guard) -> None:
    """It gives its turn back."""
    second = Guard(guard.office, name="watch@app2")
    guard.office.run("letters", code=ExitCode.FAILED)
    guard.watch.leave()
    assert len(second.look()) == 1


def test_a_rule_that_breaks_silences_no_other_and_is_told(guard: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an alert itself; what it found before stays as it is; nobody outside hears that all is well."""

    def broken(*_: object) -> Iterator[object]:
        raise ZeroDivisionError

    guard.office.do(holds.place, "target", "ledger", code="LOGIN_FAILED", reason="r", by="system:attempt")
    guard.look()
    rules = {broken if rule.__name__ == "held" else rule: alerts for rule, alerts in watching.RULES.items()}
    monkeypatch.setattr(watching, "RULES", rules)
    guard.office.do(holds.release, "target", "ledger", by="person:anna")
    guard.office.run("letters", code=ExitCode.FAILED)
    before = guard.alive
    (told,) = guard.look(minutes=6)
    assert told == "URGENT: the last run of a bot failed (letters) and 1 more"
    assert (Alert.WATCH_FAILS, "rule broken") in guard.open()
    assert (Alert.ON_HOLD, "target ledger") in guard.open(), "nobody knows whether it is still held"
    assert guard.alive == before
    monkeypatch.undo()
    guard.look(minutes=6)
    assert guard.open() == [(Alert.RUN_FAILED, "letters")]
    assert guard.alive > before


def test_while_no_message_goes_out_the_dead_man_is_not_called(guard: Guard) -> None:
    """Then the outside must hear the silence; when the channel works again, it hears us and people have the message."""
    guard.box.broken = True
    guard.office.run("letters", code=ExitCode.FAILED)
    before = guard.alive
    guard.look(minutes=2)
    assert guard.alive == before, "not at the looks between two tries either"
    guard.box.broken = False
    assert guard.look(minutes=2)
    assert guard.alive > before


def test_a_dead_mans_url_that_does_not_answer_is_told(guard: Guard) -> None:
    """It is found at the next look, and ended when it answers again."""
    guard.deaf = True
    guard.look()
    assert guard.look() == ["WARNING: a channel does not take our messages (dead man's URL)"]
    guard.deaf = False
    guard.look(minutes=6)
    assert guard.open() == []


@pytest.fixture
def away(guard: Guard, monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """A switch that takes the store away and gives it back."""
    real = guard.office.database.transaction

    def transaction(*, actor: str):  # type: ignore[no-untyped-def]
        raise StoreUnavailable("connection refused")

    return lambda gone: monkeypatch.setattr(guard.office.database, "transaction", transaction if gone else real)


def test_a_store_that_is_silent_is_told_without_it_and_written_down_later(
    guard: Guard, away: Callable[[bool], None]
) -> None:
    """After three minutes, once in four hours; that it answers again is told, and nobody cries about the scheduler."""
    guard.scheduler = False  # it cannot give signs
    away(True)
    assert guard.look(minutes=2.5) == []
    before = guard.alive
    assert guard.look(minutes=60) == ["URGENT: the database does not answer (database)"]
    assert "It has not answered since Mon 02 Mar 2026 12:00: " in guard.box.got[0].body
    assert len(guard.look(minutes=200)) == 1
    assert guard.alive == before
    away(False)
    guard.scheduler = True
    (told,) = guard.look(minutes=3)
    assert told.startswith("URGENT: the database does not answer (database 2026-03-02T12:00)")
    assert "It did not answer from Mon 02 Mar 2026 12:00 to Mon 02 Mar 2026 16:23; it does" in guard.box.got[-1].body
    assert guard.look(minutes=20) == []
    assert guard.open() == []


def test_after_a_silence_of_the_store_the_scheduler_has_time_to_give_its_sign(
    guard: Guard, away: Callable[[bool], None]
) -> None:
    """It could not give one while the store was away, however short that was."""
    guard.scheduler = False
    guard.look(minutes=1)
    away(True)
    guard.look(minutes=2.5)
    away(False)
    assert guard.look(minutes=1) == []
    assert guard.look(minutes=4) == ["URGENT: no scheduler gives a sign (scheduler)"]


def test_a_store_that_is_silent_for_a_moment_is_no_news(guard: Guard, away: Callable[[bool], None]) -> None:
    """Two minutes of it are told to nobody."""
    away(True)
    guard.scheduler = False
    guard.look(minutes=2)
    away(False)
    guard.scheduler = True
    assert guard.look(minutes=10) == []


def test_what_the_silence_of_the_store_could_not_be_told_by_is_tried_again(
    guard: Guard, away: Callable[[bool], None]
) -> None:
    """The mail server is down with it: every turn tries, until it works."""
    away(True)
    guard.scheduler = False
    guard.box.broken = True
    guard.look(minutes=10)
    guard.box.broken = False
    assert guard.look(minutes=1) == ["URGENT: the database does not answer (database)"]


def test_it_ends_when_it_is_told_to(guard: Guard) -> None:
    """It looks until then, with the pauses of bots.toml."""
    asked: list[datetime] = []

    def stopped() -> bool:
        asked.append(guard.office.now)
        return guard.office.now >= began + timedelta(minutes=5)

    began = guard.office.now
    guard.watch.run(stopped)
    assert guard.office.now - began < timedelta(minutes=5, seconds=2)
    with guard.office.database.reading() as tx:
        assert notices.newest(tx, most=9)[0].alert is Alert.SCHEDULER_SILENT, "it has looked meanwhile"


def test_no_message_holds_what_a_person_typed(guard: Guard) -> None:
    """The reason of a hold, the name of a case and who acknowledged stay where they are."""
    office = guard.office
    office.do(holds.place, "target", "ledger", code="LOGIN_FAILED", reason="Jo Smith 943 476 5919", by="system:attempt")
    case(office, "jo.smith@patients.example")
    office.clock.tick(timedelta(days=7))
    guard.look(minutes=1)
    for message in guard.box.got:
        assert not any(word in message.text() for word in ("Smith", "smith", "943"))
    assert len(guard.box.got) == 1


def test_room_is_measured_where_a_place_is_or_will_be(office: Office) -> None:
    """A folder that is not made yet lies on the disk of the one above; one disk is told once."""
    free = free_room({"a": office.folder / "not" / "yet", "b": office.folder})
    assert free.keys() == {"a"}
    assert free["a"] > 0


def test_every_alert_is_looked_for() -> None:
    """No alert can be raised that no rule ends."""
    by_rules = {alert for alerts in (*watching.RULES.values(), *watching.SLOW_RULES.values()) for alert in alerts}
    assert set(Alert) - by_rules == {Alert.STORE_SILENT, Alert.WATCH_FAILS}


def test_a_disk_that_does_not_answer_silences_nothing_and_is_told(guard: Guard) -> None:
    """The share with the evidence is gone: the watch goes on, tells that it cannot look, and all else as ever."""
    guard.share = False
    guard.office.run("letters", code=ExitCode.FAILED)
    (subject,) = guard.look()
    assert "and 1 more" in subject
    assert {alert for alert, _ in guard.open()} == {Alert.WATCH_FAILS, Alert.RUN_FAILED}
    guard.share = True
    guard.look(minutes=6)
    assert {alert for alert, _ in guard.open()} == {Alert.RUN_FAILED}
