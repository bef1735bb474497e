"""Looking whether the trail verifies: what is new every minute, the whole of it once a day, beside the other rules.

The whole takes time in proportion to the trail, so it is done in a thread of its own, with a connection of its own.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from loguru import logger

from audit.actions import Act
from audit.checkpoints import Checkpoint, newest, remembered
from audit.errors import AuditError
from audit.keys import Keyring
from audit.since import verify_since
from audit.trail import instant
from audit.verify import verify
from core.errors import StoreUnavailable
from core.model.notices import Alert, Finding
from core.store import Database, signs

EVERY = 60.0  # seconds between two looks at what is new
AFTER_TROUBLE = timedelta(hours=1)  # a trail that was not whole is verified again sooner: it may have been restored


class TrailLook:
    """Seals what waits for its seal, verifies, and knows what was found last."""

    def __init__(
        self,
        database: Database,
        *,
        keys: Callable[[], Keyring],
        seal: Callable[[], None],
        host: str,
        every: timedelta,
    ) -> None:
        """`every`: between two verifications of the whole trail."""
        self._database = database
        self._keys = keys
        self._seal = seal
        self._host = host
        self._every = every
        self._mark: Checkpoint | None = None  # everything up to here was verified
        self._due: datetime | None = None  # when the whole is verified next; absent: not known yet
        self._whole: tuple[str, ...] = ()  # what the last verification of the whole found
        self._new: tuple[str, ...] = ()  # and what was found since
        self._ended = threading.Event()
        self._broken = ""  # why the thread is gone
        self.looked = False  # whether what is known is known at all

    def findings(self) -> Iterator[Finding]:
        """Return what was found last, the whole and what is new; raise RuntimeError when nobody looks any more."""
        if self._broken:
            raise RuntimeError(f"the thread that looks at the trail has failed: {self._broken}")
        problems = list(dict.fromkeys((*self._whole, *self._new)))
        if problems:
            more = f" ({len(problems) - 1} more problems)" if len(problems) > 1 else ""
            yield Finding(alert=Alert.TRAIL_BROKEN, subject="trail", says=f"{problems[0]}{more}.")

    def turn(self) -> None:
        """Look once; raises StoreUnavailable, and AuditError when the keys cannot be read."""
        changed = self._sealed()
        now = self._database.now()
        if self._due is None:
            self._due = self._last_whole(now) + self._every
        if now >= self._due:
            self._verify_whole()
            self._due = now + (AFTER_TROUBLE if self._whole else self._every)
        self._new = changed or self._verify_new(now)
        self.looked = True

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Look every minute from a thread of its own while inside."""
        thread = threading.Thread(target=self._run, name="trail", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join(timeout=5.0)  # the whole may be under way; it changes nothing and may be broken off

    def _run(self) -> None:
        try:
            self._look_on()
        except BaseException as error:
            self._broken = type(error).__name__
            raise

    def _look_on(self) -> None:
        while True:
            try:
                self.turn()
            except StoreUnavailable as error:
                logger.warning("The trail was not looked at: {}", error.message)
            except (AuditError, OSError) as error:
                self._new = (f"it cannot be verified: {error}",)
                self.looked = True
            if self._ended.wait(EVERY):
                return

    def _sealed(self) -> tuple[str, ...]:
        try:
            self._seal()
        except AuditError as error:
            return (error.message.rstrip("."),)
        return ()

    def _last_whole(self, now: datetime) -> datetime:
        """Return when any host last found the whole trail in order; long ago when none ever did."""
        with self._database.reading() as tx:
            return max(signs.all_of(tx, "trail").values(), default=now - self._every)

    def _verify_whole(self) -> None:
        keys = self._keys()
        with self._database.reading() as tx:
            ours = remembered(tx.connection, keys=keys)
            mark = newest(tx.connection)
            report = verify(tx.connection, public_keys=keys.public_keys(), remembered=ours)
        self._whole, self._mark = report.problems, mark
        with self._database.transaction(actor=f"system:watch@{self._host}") as tx:
            tx.note(Act.TRAIL_VERIFIED, whole=report.whole, events=report.events, head=report.head)
            if report.whole:
                signs.give(tx, f"trail:{self._host}")

    def _verify_new(self, now: datetime) -> tuple[str, ...]:
        keys = self._keys()
        with self._database.reading() as tx:
            mark = self._mark or newest(tx.connection)
            if mark is None:
                return ()
            since = verify_since(tx.connection, checkpoint=mark, public_keys=keys.public_keys(), now=instant(now))
        self._mark = since.newest
        return since.problems
