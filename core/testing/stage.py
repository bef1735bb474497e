"""A stage: one bot, the real store in memory, a clock that moves by itself, and the decisions a person may take."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from core.bot import Bot
from core.clock import FakeClock
from core.decisions import Decisions, People
from core.files.reader import Reader
from core.model.effects import EffectRecord
from core.model.replays import Replayed
from core.model.reviews import ReviewTask
from core.model.runs import Mode
from core.runtime import LoadedBot, Run, RunReport, Tally, Worker, Workshop
from core.runtime.host import StopRequest, new_worker_name
from core.runtime.ordered import Order
from core.runtime.replay import Replay
from core.secrets import Secrets
from core.standins import StandIns
from core.store import Database, effects, items, reviews
from core.target import TargetSettings

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)  # a Monday


def loaded(
    bot: Bot[Any],
    *,
    settings: Mapping[str, Any] | None = None,
    targets: Mapping[str, TargetSettings] | None = None,
    mode: Mode = Mode.AUTO,
) -> LoadedBot:
    """Return a bot as the runtime works with it, without bots.toml."""
    digest = hashlib.sha256(bot.version.encode()).hexdigest()
    return LoadedBot(
        name=bot.name,
        version=bot.version,
        code_digest=digest,
        settings=bot.settings.model_validate(dict(settings or {})),
        collect=bot.functions["collect"],
        process=bot.functions["process"],
        listed=bot.functions.get("listed"),
        trial=bot.functions.get("trial"),
        targets=dict(targets or {}),
        mode=mode,
        backoff=timedelta(seconds=1),
    )


class Stage:
    """Runs a bot in this process; use as a context manager. Time passes only when the bot or the test lets it."""

    def __init__(
        self,
        bot: LoadedBot,
        *,
        folder: Path,
        people: Mapping[str, tuple[str, ...]] | None = None,
        secrets: Mapping[str, str] | None = None,
        url: str = "sqlite://",
    ) -> None:
        """`url`: where the store is; in memory unless a test needs to reach it from outside."""
        self.bot = bot
        self.folder = folder
        self.clock = FakeClock(NOON)
        self.database = Database.open(url, clock=self.clock.clock())
        self.decisions = Decisions(self.database, people=People(people))
        self.reader = Reader()
        self._environment = {f"UNDERSTUDY_SECRET_{k.upper()}": v for k, v in (secrets or {}).items()}
        self.kept: dict[str, bytes] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.reader.close()
        self.database.close()

    def run(
        self,
        *,
        mode: Mode | None = None,
        acting: bool = True,
        stop: StopRequest | None = None,
        occurrence: int | None = None,
    ) -> RunReport:
        """Start the bot once, or for an occurrence that was ordered, and return what it did."""
        locks = self.folder / "locks"
        with self._workshop(acting) as shop:
            return Run(
                bot=self.bot,
                workshop=shop,
                mode=mode or self.bot.mode,
                trigger="test",
                stop=stop or StopRequest(),
                locks=locks,
                order=None if occurrence is None else Order(occurrence, locks=locks),
            ).start()

    def work(self, *others: LoadedBot, stop: StopRequest | None = None, linger: timedelta = timedelta(0)) -> Tally:
        """Work the queues of the bot and of others as one worker does, collecting nothing, and return what it did."""
        asked = stop or StopRequest()
        with self._workshop(True, overdue=asked.overdue) as shop:
            worker = Worker(
                {bot.name: bot for bot in (self.bot, *others)},
                workshop=shop,
                mode_of=lambda bot: bot.mode,
                stop=asked,
                locks=self.folder / "locks",
            )
            with worker.alive():
                worker.work(run_id=None, linger=linger)
            return worker.tally

    def replay(self, *, since: datetime | None = None) -> list[Replayed]:
        """Put the stored items through the bot as it is now and return what would become of each; nothing changes."""
        with self._workshop(False) as shop:
            return list(Replay(bot=self.bot, workshop=shop).items(since))

    def change(self, **values: Any) -> None:
        """Change what bots.toml would say of the bot, e.g. `attempts=1`."""
        self.bot = replace(self.bot, **values)

    def waiting(self) -> list[ReviewTask]:
        """Return the review tasks that wait for a person, oldest first."""
        with self.database.reading() as tx:
            return list(reviews.waiting(tx))

    def item(self, reference: str) -> Any:
        """Return an item's row by its reference."""
        with self.database.reading() as tx:
            found = items.by_reference(tx, self.bot.name, reference)
            if found is None:
                raise LookupError(f"no item has the reference {reference!r}")
            return items.get(tx, found)

    def effects(self, reference: str) -> list[EffectRecord]:
        """Return every effect of an item, oldest first."""
        with self.database.reading() as tx:
            found = items.by_reference(tx, self.bot.name, reference)
            return [] if found is None else list(effects.of_item(tx, found))

    def _keep(self, data: bytes) -> str:
        digest = hashlib.sha256(data).hexdigest()
        self.kept[digest] = data
        return digest

    @contextmanager
    def _workshop(self, acting: bool, *, overdue: Callable[[], bool] = lambda: False) -> Iterator[Workshop]:
        secrets = Secrets(folders=(), environment=self._environment)
        yield Workshop(
            worker=new_worker_name(),
            folder=self.folder,
            database=self.database,
            holding=self.database,
            clock=self.clock.clock(),
            documents=self.folder / "documents",
            keep=self._keep,
            opener=self.reader,
            secret=secrets.get,
            browser=_no_browser,
            standins=StandIns(self.folder / "simulators"),
            acting=acting,
            overdue=overdue,
        )


def _no_browser() -> Any:
    raise TypeError("a stage has no browser; test browser targets against their simulator in a scenario")
