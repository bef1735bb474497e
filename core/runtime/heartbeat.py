"""Renews the lease of the item at hand from a thread with its own connection; never touches the browser."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from loguru import logger

from core.errors import Fenced, StoreUnavailable
from core.runtime.sessions import LEASE, Sessions
from core.store import Database, items


class Heartbeat:
    """One thread per worker; `beating(item, token)` keeps a claim alive while inside, and open sessions always."""

    def __init__(
        self,
        *,
        database: Database,
        worker: str,
        every: timedelta,
        sessions: Sessions | None = None,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        """`beat` is called at each turn too, for what else must be renewed while the worker lives."""
        self._database = database
        self._worker = worker
        self._every = min(every, LEASE / 3)
        self._sessions = sessions
        self._also = beat
        self._held: tuple[int, int, timedelta] | None = None
        self._wake = threading.Event()
        self._stopped = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Begin beating."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread and wait for it."""
        self._stopped = True
        self._wake.set()
        self._thread.join()

    @contextmanager
    def beating(self, item_id: int, token: int, *, lease: timedelta) -> Iterator[None]:
        """Keep this claim alive while inside."""
        with self._lock:
            self._held = (item_id, token, lease)
        try:
            yield
        finally:
            with self._lock:
                self._held = None

    def _run(self) -> None:
        while not self._wake.wait(self._every.total_seconds()):
            with self._lock:
                held = self._held
            if held is not None:
                self._beat(*held)
            if self._sessions is not None and self._sessions.held:
                self._keep_sessions(self._sessions)
            self._also()

    def _beat(self, item_id: int, token: int, lease: timedelta) -> None:
        try:
            with self._database.transaction(actor=f"system:{self._worker}") as tx:
                items.renew(tx, item_id, token=token, lease=lease)
        except Fenced:
            pass  # the main thread meets the fence itself, before it acts or stores
        except StoreUnavailable as error:
            logger.warning("The lease of item {} could not be renewed: {}", item_id, error.message)

    def _keep_sessions(self, sessions: Sessions) -> None:
        try:
            sessions.renew()
        except StoreUnavailable as error:
            logger.warning("The worker's sessions could not be renewed: {}", error.message)
