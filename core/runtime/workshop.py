"""What one worker has at hand for every item: the store, evidence, documents, targets, and its own name."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from core.clock import Clock
from core.errors import LoginFailed
from core.model.documents import Document, DocumentOpener
from core.model.items import StoredFile
from core.runtime.boundaries import Boundaries
from core.runtime.endings import TargetHeld
from core.runtime.sessions import Sessions
from core.secrets import Secret
from core.standins import StandIns
from core.store import Database, holds
from core.target import TargetSettings

LOGIN_LEASE = timedelta(seconds=120)
LOGIN_POLL = 0.1  # seconds between two looks at whether the turn is free


@dataclass(slots=True, kw_only=True)
class Workshop:
    """Everything a worker works with; one per worker process."""

    worker: str
    folder: Path  # the installation
    database: Database
    holding: Database  # where holds and turns are kept; in a dry run not the store that is thrown away
    clock: Clock
    documents: Path  # content-addressed folder of taken documents
    keep: Callable[[bytes], str]  # stores evidence bytes and returns their SHA-256
    opener: DocumentOpener
    secret: Callable[[str], Secret]  # by secret name
    browser: Callable[[], Any]  # the worker's BrowserSession
    standins: StandIns  # simulated systems this worker starts when it needs them
    acting: bool  # False in a dry run: nothing outside is changed whatever the mode
    boundaries: Boundaries = field(default_factory=Boundaries)
    overdue: Callable[[], bool] = lambda: False  # True: the worker was asked to stop, and its time for that is over
    sessions: Sessions = field(init=False)  # of targets that allow only so many
    targets: dict[type, Any] = field(default_factory=dict)  # opened targets by class, kept over items

    def __post_init__(self) -> None:
        """Hold no session yet."""
        self.sessions = Sessions(self.holding, worker=self.worker)

    def document(self, file: StoredFile) -> Document:
        """Return a stored file as a document that can be read."""
        return Document(
            sha256=file.sha256,
            name=file.name,
            size=file.size,
            path=self.documents / file.sha256[:2] / file.sha256,
            opener=self.opener,
        )

    @contextmanager
    def login_turn(self, settings: TargetSettings) -> Iterator[None]:
        """Log in alone over all workers; a refusal holds the target before the next worker can try.

        Raises TargetHeld when the target is held, also when that happened while waiting for the turn.
        """
        name = f"login:{settings.name}"
        self._wait_for_turn(name)
        try:
            self.refuse_held(settings.name)
            yield
        except LoginFailed as error:
            with self.holding.transaction(actor=f"system:{self.worker}") as tx:
                holds.place(
                    tx,
                    "target",
                    settings.name,
                    code=error.code,
                    reason=error.message,
                    by=f"system:{self.worker}",
                )
            raise
        finally:
            with self.holding.transaction(actor=f"system:{self.worker}") as tx:
                holds.give_turn_back(tx, name, holder=self.worker)

    def _wait_for_turn(self, name: str) -> None:
        while True:
            with self.holding.transaction(actor=f"system:{self.worker}") as tx:
                if holds.take_turn(tx, name, holder=self.worker, lease=LOGIN_LEASE):
                    return
            self.clock.sleep(LOGIN_POLL)

    def refuse_held(self, target: str) -> None:
        """Raise TargetHeld when somebody or something holds the target."""
        with self.holding.reading() as tx:
            held = holds.active(tx, "target", target)
        if held is not None:
            raise TargetHeld(target=target, code=held.code, reason=held.reason)

    def reachable(self, settings: TargetSettings) -> TargetSettings:
        """Return the settings with an address, starting a stand-in that has none of its own."""
        if settings.url is not None or settings.serve is None:
            return settings
        return replace(settings, url=self.standins.url(settings.name, module=settings.serve))

    def leave_targets(self, *names: str) -> None:
        """Log out of the named targets, or all, when there is nothing more to do there; frees their sessions."""
        for kind, target in list(self.targets.items()):
            if not names or target.settings.name in names:
                del self.targets[kind]
                target.leave()
        self.sessions.give_back(*(names or self.sessions.held))

    def drop_targets(self, name: str | None = None, *, keep_sessions: bool = False) -> None:
        """Close the named target, or all: after a doubt or an error nothing half-open is reused.

        Their sessions are free for other workers then, unless this one logs in again at once.
        """
        for kind, target in list(self.targets.items()):
            if name is None or target.settings.name == name:
                del self.targets[kind]
                target.close()
        if not keep_sessions:
            self.sessions.give_back(*([name] if name is not None else self.sessions.held))
