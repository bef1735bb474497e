"""An installation, opened: its configuration, store, evidence, logs and secrets, and runs of its bots."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit.errors import EvidenceKeyTooShort, EvidencePlace, EvidenceUnavailable
from audit.keys import Keyring
from audit.logs import configure_logs
from audit.redact import Redactor
from audit.sealer import seal
from core.clock import Clock
from core.config import Config, read_config
from core.errors import ApplicationException, ConfigError
from core.model.runs import Mode
from core.patience import patiently
from core.secrets import Secrets
from core.standins import StandIns
from core.store import Database, holds
from core.target import TargetSettings
from core.trust import effective_mode

if TYPE_CHECKING:
    from audit.evidence import EvidenceStore
    from core.browser import BrowserSession
    from core.decisions import Decisions
    from core.notify import Notifier
    from core.notify.wording import Wording
    from core.runtime import LoadedBot, RunReport, Tally, Workshop
    from core.runtime.boundaries import Boundaries

Progress = Callable[[str, int, int], None]


class Installation:
    """Any folder with a bots.toml; its state lives in `var/` below it. Use as a context manager."""

    def __init__(self, config: Config, *, clock: Clock, environment: Mapping[str, str]) -> None:
        self.config = config
        self.folder = config.folder
        self.var = config.folder / "var"
        self.clock = clock
        self._environment = environment
        self.redactor = Redactor()
        self._stop_logs: Callable[[], None] | None = None
        self._database: Database | None = None

    @classmethod
    def open(
        cls, folder: Path, *, clock: Clock | None = None, environment: Mapping[str, str] | None = None
    ) -> "Installation":
        """Read the folder's configuration; raise ConfigError with every problem. Nothing is written yet."""
        environment = os.environ if environment is None else environment
        config = read_config(folder.absolute(), environment=environment)
        return cls(config, clock=clock or Clock(), environment=environment)

    def __enter__(self) -> "Installation":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Seal what was written, let go of the store, stop the stand-ins."""
        try:
            self.standins.close()
        finally:
            self._close_store()

    def _close_store(self) -> None:
        if self._database is None:
            return
        try:
            patiently(lambda: self.seal(checkpoint=True), clock=self.clock)
        finally:
            self._database.close()
            self._database = None

    @property
    def database(self) -> Database:
        """The store, opened when first asked for."""
        if self._database is None:
            self._database = Database.open(self.config.database_url(), clock=self.clock)
        return self._database

    @cached_property
    def keys(self) -> Keyring:
        """The keys that sign the trail's checkpoints."""
        return Keyring.open(self.var / "keys")

    @cached_property
    def evidence(self) -> "EvidenceStore":
        """Where evidence lives; raise ConfigError when its place or key is wrong, or the key is nowhere."""
        from audit.evidence import EvidenceStore

        name = self.config.file.installation.evidence_key
        key = None if name is None else self.secrets.get(name).reveal().encode()
        try:
            return EvidenceStore(self.config.evidence_url(), key=key)
        except EvidencePlace as error:
            raise ConfigError([f"installation.evidence: {error.message}"]) from error
        except EvidenceKeyTooShort as error:
            raise ConfigError([f"installation.evidence_key names {name!r}: {error.message}"]) from error

    def keep(self, data: bytes) -> str:
        """Keep evidence and return its SHA-256; an ApplicationException when the store for it does not answer."""
        try:
            return self.evidence.put(data)
        except EvidenceUnavailable as error:
            raise ApplicationException(error.code, error.message) from error

    @cached_property
    def secrets(self) -> Secrets:
        """Secrets by name; each one found is scrubbed from logs and evidence from then on."""
        folders = [self.var / "secrets"]
        if credentials := self._environment.get("CREDENTIALS_DIRECTORY"):
            folders.insert(0, Path(credentials))
        return Secrets(folders=tuple(folders), environment=self._environment, register=self.redactor.register)

    @property
    def decisions(self) -> "Decisions":
        """What people may decide here."""
        from core.decisions import Decisions, People

        return Decisions(self.database, people=People(self.config.file.people), reach=self.boundaries.reach)

    @cached_property
    def boundaries(self) -> "Boundaries":
        """Where this process may be told to die; nothing unless a rehearsal asks for it."""
        from core.runtime.boundaries import Boundaries

        return Boundaries.from_environment(self._environment)

    @cached_property
    def notifier(self) -> "Notifier":
        """The channels to people; nothing is sent before a message is."""
        from core.notify import Notifier
        from core.notify.channels import channels_of

        alerts = self.config.file.alerts
        channels = channels_of(alerts, folder=self.folder, secret=self.secrets.get)
        return Notifier(channels, least=alerts.severity, now=self.clock.now, clean=self.redactor.redact)

    @cached_property
    def wording(self) -> "Wording":
        """How messages about this installation are put."""
        import socket

        from core.notify import Link
        from core.notify.wording import Wording

        file = self.config.file
        link = file.alerts.link
        return Wording(
            installation=f"{file.installation.name} ({self.config.profile})",
            place=f"on {socket.gethostname()}, in {self.folder}",
            local=lambda instant: instant.astimezone(file.installation.zone),
            links=() if link is None else (Link("Review desk", link),),
        )

    def start_logs(self, *, console: bool) -> None:
        """Write redacted logs to `var/logs`; warnings to the console too when asked."""
        configure_logs(
            self.var / "logs", redactor=self.redactor, level=self.config.file.installation.log_level, console=console
        )

    def bots(self, *names: str) -> "dict[str, LoadedBot]":
        """Load the named bots, or all enabled ones; raise ConfigError with every problem."""
        from core.registry import load_bots

        return load_bots(self.config, names=names or None)

    def mode_of(self, bot: "LoadedBot") -> tuple[Mode, str]:
        """Return the mode in force and what limits it."""
        with self.database.reading() as tx:
            granted = holds.granted(tx, bot.name)
        return effective_mode(asked=bot.mode, granted=granted, targets=bot.targets.values())

    def seal(self, *, checkpoint: bool) -> None:
        """Seal the trail; with `checkpoint` sign its head at once."""
        now = self.database.now()
        with self.database.lent() as connection:
            seal(connection, now=now, keys=self.keys, checkpoint=checkpoint)

    def run(
        self,
        bot: "LoadedBot",
        *,
        trigger: str,
        dry: bool = False,
        leave_to_workers: bool = False,
        occurrence: int | None = None,
        grace: timedelta | None = None,
        progress: Progress = lambda what, done, waiting: None,
        afterwards: "Callable[[Database, RunReport], None]" = lambda database, report: None,
    ) -> "RunReport":
        """Run a bot once: collect, work, balance. A dry run uses a store that is thrown away and changes nothing.

        `leave_to_workers`: collect, and wait until running workers have done the items. `occurrence`: the one that a
        scheduler has ordered the run for; raises Taken when it needs none any more. `grace`: how long the item at hand
        may go on after SIGTERM; None: as long as it takes. `afterwards` may read the store that was used, before a dry
        run's is thrown away.
        """
        from core.runtime import Run, host
        from core.runtime.ordered import Order
        from core.sealing import Sealing

        database = Database.open("sqlite://", clock=self.clock) if dry else self.database
        mode = Mode.SHADOW if dry else self.mode_of(bot)[0]
        locks = self.var / "locks"
        stop = host.StopRequest(grace=grace)
        try:
            with self.workshop(database, acting=not dry, overdue=stop.overdue) as shop, stop.listening():
                run = Run(
                    bot=bot,
                    workshop=shop,
                    mode=mode,
                    trigger=trigger,
                    stop=stop,
                    locks=locks,
                    leave_to_workers=leave_to_workers,
                    order=None if occurrence is None else Order(occurrence, locks=locks),
                    progress=progress,
                )
                with nullcontext() if dry else Sealing(lambda: self.seal(checkpoint=False)):
                    report = run.start()
            afterwards(database, report)
            return report
        finally:
            if dry:
                database.close()

    def work(
        self,
        bots: "Mapping[str, LoadedBot]",
        *,
        grace: timedelta,
        linger: timedelta | None = None,
        progress: Callable[[int], None] = lambda done: None,
        turned: Callable[[], None] = lambda: None,
    ) -> "Tally":
        """Work the queues of bots until told to stop, or until nothing has come due for `linger`; collects nothing.

        `grace` is how long the item at hand may go on after SIGTERM before it is given back. `turned` is called between
        items, and every moment while there are none.
        """
        from core.runtime import Worker, host
        from core.sealing import Sealing

        stop = host.StopRequest(grace=grace)
        with self.workshop(self.database, acting=True, overdue=stop.overdue) as shop, stop.listening():
            worker = Worker(
                bots,
                workshop=shop,
                mode_of=lambda bot: self.mode_of(bot)[0],
                stop=stop,
                locks=self.var / "locks",
                progress=progress,
                turned=turned,
            )
            with Sealing(lambda: self.seal(checkpoint=False)), worker.alive():
                worker.work(run_id=None, linger=linger)
            return worker.tally

    @contextmanager
    def workshop(
        self, database: Database, *, acting: bool, overdue: Callable[[], bool] = lambda: False
    ) -> "Iterator[Workshop]":
        """Open what a worker works with; closed in reverse order at the end."""
        from core.files.reader import Reader
        from core.runtime import Workshop, host

        if self.config.file.installation.evidence_key is not None or "://" in self.config.evidence_url():
            _ = self.evidence  # a wrong place or key is told before anything is begun
        browser = _LazyBrowser(cache=self.var / "browser.json")
        with Reader() as reader:
            shop = Workshop(
                worker=host.new_worker_name(),
                folder=self.folder,
                database=database,
                holding=self.database,
                clock=self.clock,
                documents=self.var / "documents",
                keep=self.keep,
                opener=reader,
                secret=self.secrets.get,
                browser=browser.session,
                standins=self.standins,
                acting=acting,
                boundaries=self.boundaries,
                overdue=overdue,
            )
            try:
                yield shop
            finally:
                shop.drop_targets()
                browser.close()

    @cached_property
    def standins(self) -> StandIns:
        """Simulated systems started by this process; they end with it."""
        return StandIns(self.var / "simulators")

    def target_settings(self) -> dict[str, TargetSettings]:
        """Return the settings of every target."""
        return {name: self.config.target(name) for name in self.config.file.targets}


class _LazyBrowser:
    """The worker's browser, started by the first target that needs one."""

    def __init__(self, *, cache: Path) -> None:
        self._cache = cache
        self._session: BrowserSession | None = None

    def session(self) -> Any:
        if self._session is None:
            from core.browser import BrowserSession

            self._session = BrowserSession(cache=self._cache, install=False)
        return self._session

    def close(self) -> None:
        if self._session is not None:
            self._session.close()
