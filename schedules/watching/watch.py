"""The watch: at each turn it reads one picture, judges it by every rule, and sees that people are told."""

import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from loguru import logger

from core.clock import Clock
from core.errors import StoreUnavailable
from core.model.notices import Alert, Delivery, Finding
from core.notify import Message, NotDelivered, Notifier, Outbox
from core.store import Database, holds, notices, signs, watching
from schedules.watching import counts, runs, standing, waiting
from schedules.watching.expected import Expected
from schedules.watching.facts import Counted, Facts, read_counted, read_facts
from schedules.watching.trail import TrailLook

SLOW = timedelta(minutes=2)  # between two looks at what takes longer to read
LEASE = timedelta(minutes=3)  # of the watch that tells; another takes over when it is silent for so long
PIECE = 0.5  # seconds: how soon a watch that waits hears that it is to stop

Rule = Callable[[Facts, Expected], Iterator[Finding]]
SlowRule = Callable[[Counted, Expected], Iterator[Finding]]

_ENDINGS = (
    Alert.RUN_FAILED,
    Alert.RUN_UNBALANCED,
    Alert.TARGET_UNAVAILABLE,
    Alert.LOGIN_REFUSED,
    Alert.RUN_NOT_POSSIBLE,
    Alert.TRAIL_BROKEN,
)
RULES: Mapping[Rule, tuple[Alert, ...]] = {
    runs.not_started: (Alert.RUN_NOT_STARTED,),
    runs.overdue: (Alert.RUN_OVERDUE,),
    runs.missed: (Alert.RUN_MISSED,),
    runs.failed: _ENDINGS,
    waiting.cases: (Alert.CASES_WAIT,),
    standing.held: (Alert.ON_HOLD,),
    standing.disks: (Alert.DISK_LOW,),
    standing.scheduler: (Alert.SCHEDULER_SILENT,),
    standing.calendars: (Alert.CALENDAR_ENDS,),
    standing.channels: (Alert.DELIVERY_FAILS,),
}
SLOW_RULES: Mapping[SlowRule, tuple[Alert, ...]] = {
    counts.unusual: (Alert.COUNT_UNUSUAL,),
    waiting.doubts: (Alert.DOUBT_WAITS,),
    waiting.items: (Alert.ITEMS_WAIT,),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What came of one turn."""

    findings: tuple[Finding, ...] = ()
    told: bool = True  # False: a message waits, and no channel takes it
    watching: bool = True  # False: another watch has the turn, or the store does not answer


class Watch:
    """Watches one installation."""

    def __init__(
        self,
        database: Database,
        *,
        expected: Expected,
        notifier: Notifier,
        outbox: Outbox,
        trail: TrailLook,
        free: Callable[[], Mapping[str, int]],
        alive: Callable[[], None] | None,
        message: Callable[[str], Message],
        name: str,
        clock: Clock,
        long_there: bool = False,
    ) -> None:
        """`alive` calls the dead man's URL; absent: there is none. `message` tells that the store is silent.

        `long_there`: others looked before this one did, so that nothing needs time to wake up.
        """
        self._database = database
        self._expected = expected
        self._notifier = notifier
        self._outbox = outbox
        self._trail = trail
        self._free = free
        self._alive = alive
        self._message = message
        self._name = name
        self._clock = clock
        self._present: datetime | None = datetime.min.replace(tzinfo=clock.now().tzinfo) if long_there else None
        self._last: datetime | None = None  # turn
        self._slow_at: datetime | None = None
        self._no_room: OSError | None = None  # why it is not known what room there is
        self._unheard: str | None = None  # why the dead man's URL does not answer
        self._silent_since: datetime | None = None  # the store
        self._cried: tuple[datetime, list[Delivery]] | None = None  # when its silence was told, and every try

    def run(self, stopped: Callable[[], bool], *, turned: Callable[[], None] = lambda: None) -> None:
        """Take turns until stopped; `turned` is called after each."""
        try:
            while not stopped():
                self.turn()
                turned()
                until = self._clock.monotonic() + self._expected.alerts.look.total_seconds()
                while not stopped() and self._clock.monotonic() < until:
                    self._clock.sleep(PIECE)
        finally:
            self.leave()

    def leave(self) -> None:
        """Let another watch take over at once."""
        try:
            with self._database.transaction(actor=f"system:{self._name}") as tx:
                holds.give_turn_back(tx, "watch", holder=self._name)
        except StoreUnavailable as error:
            logger.warning("The watch's turn was not given back: {}", error.message)

    def turn(self) -> Turn:
        """Look once, and have told what is to be told."""
        try:
            done = self._turn()
        except StoreUnavailable as error:
            return self._without_store(error.message)
        if done.told and not any(finding.alert is Alert.WATCH_FAILS for finding in done.findings):
            self._say_alive()
        return done

    def _turn(self) -> Turn:
        with self._database.transaction(actor=f"system:{self._name}") as tx:
            signs.give(tx, f"watch:{socket.gethostname()}")
            watching.begin(tx)
            mine = holds.take_turn(tx, "watch", holder=self._name, lease=LEASE)
            self._be_present(tx.now)
        heard = self._store_answers()
        if not mine:
            return Turn(watching=False)
        findings, looked = self.look()
        with self._database.transaction(actor=f"system:{self._name}") as tx:
            notices.take(tx, [*findings, *heard], looked=looked, least=self._notifier.least)
        return Turn(findings=tuple(findings), told=self._outbox.deliver())

    def look(self) -> tuple[Sequence[Finding], set[Alert]]:
        """Return what is found now, and which alerts were looked for; nothing is stored and nobody is told."""
        free = self._room()
        with self._database.reading() as tx:
            facts = read_facts(
                tx,
                self._expected,
                present=self._present or tx.now,
                channels=[channel.name for channel in self._notifier.channels],
                free=free,
            )
            slow = self._slow_at is None or facts.at >= self._slow_at
            counted = read_counted(tx, self._expected, facts) if slow else None
        return self._judged(facts, counted)

    def _room(self) -> Mapping[str, int]:
        """Return the free bytes by place; a disk that does not answer must not keep people from being told."""
        self._no_room = None
        try:
            return self._free()
        except OSError as error:
            self._no_room = error
            return {}

    def _disks_answer(self) -> Iterator[Finding]:
        if self._no_room is not None:
            raise self._no_room
        return iter(())

    def _be_present(self, now: datetime) -> None:
        """Note a break: this machine slept, or the store was away."""
        longest = max(self._expected.alerts.scheduler_silent, 3 * self._expected.alerts.look)
        if self._present is None or (self._last is not None and now > self._last + longest):
            self._present = now
        self._last = now

    def _judged(self, facts: Facts, counted: Counted | None) -> tuple[Sequence[Finding], set[Alert]]:
        """Return what the rules find, and the alerts that were looked for; a rule that fails is a finding itself."""
        findings: list[Finding] = []
        looked = {Alert.WATCH_FAILS}
        failed: set[Alert] = set()
        looks: list[tuple[str, tuple[Alert, ...], Callable[[], Iterator[Finding]]]] = [
            (rule.__name__, alerts, lambda rule=rule: rule(facts, self._expected))  # type: ignore[misc]
            for rule, alerts in RULES.items()
        ]
        if counted is not None:
            self._slow_at = facts.at + SLOW
            looks += [
                (rule.__name__, alerts, lambda rule=rule: rule(counted, self._expected))  # type: ignore[misc]
                for rule, alerts in SLOW_RULES.items()
            ]
        looks.append(("trail", (Alert.TRAIL_BROKEN,), self._trail.findings))
        looks.append(("disks", (Alert.DISK_LOW,), self._disks_answer))
        looks.append(("dead man", (Alert.DELIVERY_FAILS,), self._dead_man))
        for name, alerts, look in looks:
            try:
                findings += look()
                looked.update(alerts)
            except Exception as error:  # noqa: BLE001 - a broken rule silences no other, and is told
                logger.opt(exception=error).error("The rule {} of the watch failed", name)
                failed.update(alerts)
                says = f"The rule {name!r} failed: {type(error).__name__}; the log has the whole story."
                findings.append(Finding(alert=Alert.WATCH_FAILS, subject=f"rule {name}", says=says))
        if not self._trail.looked:
            failed.add(Alert.TRAIL_BROKEN)
        return findings, looked - failed

    def _dead_man(self) -> Iterator[Finding]:
        if self._unheard is not None:
            yield Finding(
                alert=Alert.DELIVERY_FAILS, subject="dead man's URL", says=f"It is not reached: {self._unheard}."
            )

    def _say_alive(self) -> None:
        if self._alive is None:
            return
        try:
            self._alive()
            self._unheard = None
        except NotDelivered as error:
            logger.warning("The dead man's URL is not reached: {}", error.message)
            self._unheard = error.message

    def _without_store(self, why: str) -> Turn:
        """Tell without the store that it is silent, once it has been for so long, and again after a while."""
        now = self._clock.now()
        self._silent_since = self._silent_since or now
        self._present = None
        logger.warning("The watch waits for the store: {}", why)
        alerts = self._expected.alerts
        if now - self._silent_since < alerts.store_silent:
            return Turn(watching=False)
        said, tries = self._cried or (None, [])
        if said is None or now - said >= alerts.again:
            since = self._expected.hour(self._silent_since)
            tries = [*tries, *self._notifier.send(self._message(f"It has not answered since {since}: {why}"))]
            taken = tries and tries[-1].taken
            self._cried = (now if taken else now - alerts.again, tries)
        silent = Finding(alert=Alert.STORE_SILENT, subject="database", says=why)
        return Turn(findings=(silent,), told=bool(tries and tries[-1].taken), watching=False)

    def _store_answers(self) -> Sequence[Finding]:
        """The store answers: note what was told while it did not, and that it was silent."""
        since, cried = self._silent_since, self._cried
        self._silent_since = self._cried = None
        if since is None or cried is None:
            return ()
        with self._database.transaction(actor=f"system:{self._name}") as tx:
            notices.record_test(tx, cried[1])
            now = tx.now
        says = f"It did not answer from {self._expected.hour(since)} to {self._expected.hour(now)}; it does again."
        subject = f"database {since:%Y-%m-%dT%H:%M}"
        return (Finding(alert=Alert.STORE_SILENT, subject=subject, says=says, over=True),)
