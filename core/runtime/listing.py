"""What the targets list at the end of a run, compared with what was confirmed."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from loguru import logger

from core.errors import ApplicationException
from core.model.effects import EffectRecord, EffectState
from core.model.items import Claim
from core.model.runs import Balance, Mode
from core.runtime import balances
from core.runtime.context import Context
from core.runtime.endings import Ending
from core.runtime.guard import EffectGuard
from core.runtime.loaded import Listed, LoadedBot
from core.runtime.record import Past, Record
from core.runtime.windows import Windows
from core.runtime.workshop import Workshop
from core.store import effects, runs

if TYPE_CHECKING:
    from core.timing.closed import Closed

LOOK_AGAIN = timedelta(seconds=5)
LOOK = 0.5  # seconds between two looks for a free session


class Listing:
    """Draws the target balance of one run."""

    def __init__(
        self, *, bot: LoadedBot, workshop: Workshop, run_id: int, guard: EffectGuard, windows: Windows
    ) -> None:
        self._bot = bot
        self._windows = windows
        self._shop = workshop
        self._run_id = run_id
        self._guard = guard

    def balance(
        self, listed: Callable[[Any, Any], Iterable[Listed]], *, stop: Callable[[], bool]
    ) -> "Balance | Closed":
        """Compare; a receipt so young that its target may not list it yet is looked for until the target has settled.

        Where targets allow few sessions it waits for one, as long as the bot lingers. `stop` tells whether the worker
        was asked to end meanwhile. A closed target is not read: the answer is then what is closed.
        """
        with self._shop.database.reading() as tx:
            since = runs.balanced_since(tx, self._bot.name)
        while True:
            if not self._entered(stop):
                return _not_compared("no session of its targets came free for the target's list")
            closed = self._windows.in_the_way(self._bot, self._shop.database.now())
            if closed is not None:
                return closed
            before = self._acted(since)
            try:
                found = list(listed(self._context(), since))
            except (ApplicationException, Ending) as error:
                logger.warning("The target's list could not be read: {}", error)
                return _not_compared("the target's list could not be read")
            with self._shop.database.reading() as tx:
                after = effects.for_balance(tx, self._bot.name)  # other workers may have entered more meanwhile
            drawn = balances.target(after, since=[effect.id for effect in before], listed=found)
            wait = self._still_settling(balances.unlisted(before, found))
            if wait is None or stop():
                return drawn
            self._shop.clock.sleep(wait.total_seconds())

    def _entered(self, stop: Callable[[], bool]) -> bool:
        """Get the sessions that reading the list takes; False when others have them for too long."""
        given_up = self._shop.database.now() + self._bot.linger
        while not self._shop.sessions.enter(self._bot):
            if stop() or self._shop.database.now() >= given_up:
                return False
            self._shop.clock.sleep(LOOK)
        return True

    def _acted(self, since: datetime) -> Sequence[EffectRecord]:
        """Return what the bot itself confirmed since the last run that balanced."""
        with self._shop.database.reading() as tx:
            live = effects.for_balance(tx, self._bot.name)
        confirmed = [e for e in live if e.state is EffectState.CONFIRMED and e.by in (None, "looked")]
        return [e for e in confirmed if e.ended_at is not None and e.ended_at >= since]

    def _still_settling(self, missing: Iterable[EffectRecord]) -> timedelta | None:
        """Return how long to wait before looking again; None when waiting cannot help."""
        now = self._shop.database.now()
        targets = self._bot.targets
        settled = [e.ended_at + targets[e.target].settle for e in missing if e.ended_at and e.target in targets]
        left = max((at - now for at in settled), default=timedelta(0))
        return min(left, LOOK_AGAIN) if left > timedelta(0) else None

    def _context(self) -> Context[Any]:
        """A context that can open targets and look, and whose guard lets nothing change."""
        now = self._shop.database.now()
        claim = Claim(
            item_id=0,
            bot=self._bot.name,
            reference="",
            payload={},
            files=(),
            added_at=now,
            token=0,
            attempt=1,
            run_id=self._run_id,
            lease_until=now,
        )
        record = Record(
            bot=self._bot,
            claim=claim,
            workshop=self._shop,
            run_id=self._run_id,
            mode=Mode.SHADOW,
            past=Past(),
            guard=self._guard,
            started_at=now,
        )
        self._guard.begin(evidence=record.evidence)
        return Context(settings=self._bot.settings, record=record, intake=None)


def _not_compared(why: str) -> Balance:
    return Balance(name="target", differences=(f"{why}; the next run compares it",))
