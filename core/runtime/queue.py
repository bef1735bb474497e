"""What a worker takes next: over its bots, past holds and closed targets, within the sessions and the pace they set."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row

from core.model.items import Claim
from core.runtime.loaded import LoadedBot
from core.runtime.sessions import Sessions
from core.runtime.windows import Windows
from core.store import Database, Transaction, holds, items

if TYPE_CHECKING:
    from core.timing.closed import Closed


class Queue:
    """The items of one bot or several, as one worker may take them."""

    def __init__(
        self,
        bots: Mapping[str, LoadedBot],
        *,
        database: Database,
        worker: str,
        sessions: Sessions,
        windows: Windows,
    ) -> None:
        self._bots = bots
        self._database = database
        self._worker = worker
        self._sessions = sessions
        self._windows = windows
        self.held: dict[str, Row[Any]] = {}  # bots passed over at the last look, with the hold in their way
        self.closed: dict[str, Closed] = {}  # likewise, with what is closed of their targets

    def next(self, *, reach: Callable[[str], None]) -> Claim | None:
        """Take the next item, getting sessions where they are needed; None when there is none to be had."""
        reach("claim before")
        with self._database.transaction(actor=f"system:{self._worker}") as tx:
            claim = self.take(tx)
        if claim is not None or all(self._sessions.suffice(bot) for bot in self._bots.values()):
            return claim
        with self._database.reading() as tx:
            wanted = self._ready(tx)
        for bot in wanted:
            if self._sessions.suffice(bot) or self._sessions.obtain(bot):
                with self._database.transaction(actor=f"system:{self._worker}") as tx:
                    claim = self._claim(tx, bot)
                if claim is not None:
                    return claim
        return None

    def take(self, tx: Transaction) -> Claim | None:
        """Take the next item within a transaction; None also when its bot needs a session first."""
        if len(self._bots) == 1:
            (bot,) = self._bots.values()
            return self._take_of(tx, bot) if self._sessions.suffice(bot) else None
        ready = self._ready(tx)
        return self._claim(tx, ready[0]) if ready and self._sessions.suffice(ready[0]) else None

    def _take_of(self, tx: Transaction, bot: LoadedBot) -> Claim | None:
        claim = self._claim(tx, bot, unheld=True)
        if claim is None:  # something is held, or nothing is ready
            return self._claim(tx, bot) if self._open(tx, bot) else None
        self.held.pop(bot.name, None)
        return claim

    def _ready(self, tx: Transaction) -> list[LoadedBot]:
        """The bots with an item to take, the most urgent first."""
        first = {name: items.first_ready(tx, name) for name, bot in self._bots.items() if self._open(tx, bot)}
        ranked = sorted((rank, name) for name, rank in first.items() if rank is not None)
        return [self._bots[name] for _, name in ranked]

    def _open(self, tx: Transaction, bot: LoadedBot) -> bool:
        """Tell whether nothing closed and no hold is in the bot's way; note it when there is."""
        if self._is_closed(bot, tx.now):
            return False
        held = holds.in_the_way(tx, bot.name, targets=bot.targets)
        if held is None:
            self.held.pop(bot.name, None)
        else:
            self.held[bot.name] = held
        return held is None

    def _is_closed(self, bot: LoadedBot, now: datetime) -> bool:
        closed = self._windows.in_the_way(bot, now)
        if closed is None:
            self.closed.pop(bot.name, None)
        else:
            self.closed[bot.name] = closed
        return closed is not None

    def _claim(self, tx: Transaction, bot: LoadedBot, *, unheld: bool = False) -> Claim | None:
        """Take the bot's next item: the one place where an item is begun, and so never while a target is closed."""
        if self._is_closed(bot, tx.now):
            return None
        return items.claim(tx, bot.name, worker=self._worker, lease=bot.lease, unheld=unheld)
