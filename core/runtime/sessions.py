"""The sessions a worker may have open at targets that allow only so many, and the pace that targets set."""

from datetime import datetime, timedelta

from core.runtime.loaded import LoadedBot
from core.store import Database, slots
from core.target import TargetSettings

LEASE = timedelta(seconds=60)  # of a session; its holder renews it while it lives


class Sessions:
    """What one worker holds; `database` is where holds and sessions are kept for all workers."""

    def __init__(self, database: Database, *, worker: str) -> None:
        self._database = database
        self._worker = worker
        self._held: set[str] = set()
        self._provided: set[tuple[str, int]] = set()
        self.turn_at: datetime | None = None  # when the item that was last refused its turn may begin

    @property
    def held(self) -> frozenset[str]:
        """The limited targets this worker has a session of."""
        return frozenset(self._held)

    def suffice(self, bot: LoadedBot) -> bool:
        """Tell whether the bot's next item may begin without asking for anything."""
        return all(
            target.pace is None and (target.slots is None or target.name in self._held)
            for target in bot.targets.values()
        )

    def obtain(self, bot: LoadedBot) -> bool:
        """Get what the next item needs: a session of every limited target, and its turn; False when it must wait."""
        return self.enter(bot) and self._turn(bot)

    def enter(self, bot: LoadedBot) -> bool:
        """Get a session of every limited target of the bot; False while one has none free.

        What was got for nothing is given back, so that two workers never wait for each other.
        """
        got: list[str] = []
        for target in bot.targets.values():
            if target.slots is None or target.name in self._held:
                continue
            if not self._take(target, target.slots):
                self.give_back(*got)
                return False
            got.append(target.name)
        return True

    def give_back(self, *targets: str) -> None:
        """Free the sessions of these targets, once nothing is logged in with them."""
        mine = [target for target in targets if target in self._held]
        if not mine:
            return
        with self._database.transaction(actor=f"system:{self._worker}") as tx:
            for target in mine:
                slots.give_back(tx, target, holder=self._worker)
        self._held.difference_update(mine)

    def renew(self) -> None:
        """Prolong every session held."""
        with self._database.transaction(actor=f"system:{self._worker}") as tx:
            slots.renew(tx, holder=self._worker, lease=LEASE)

    def forget(self) -> None:
        """The store was lost: what is held is not known any more; `reaper.let_go` gives it back."""
        self._held.clear()

    def _take(self, target: TargetSettings, allowed: int) -> bool:
        with self._database.transaction(actor=f"system:{self._worker}") as tx:
            if (target.name, allowed) not in self._provided:
                slots.provide(tx, target.name, allowed=allowed)
            number = slots.take(tx, target.name, allowed=allowed, holder=self._worker, lease=LEASE)
        self._provided.add((target.name, allowed))
        if number is not None:
            self._held.add(target.name)
        return number is not None

    def _turn(self, bot: LoadedBot) -> bool:
        """Count the item at every target that sets a pace; all of them, or none."""
        paced = [target for target in bot.targets.values() if target.pace is not None]
        if not paced:
            return True
        with self._database.transaction(actor=f"system:{self._worker}") as tx:
            times = [slots.next_begin(tx, target.name) for target in paced]
            self.turn_at = max((at for at in times if at is not None and at > tx.now), default=None)
            if self.turn_at is not None:
                return False
            return all(slots.begin(tx, target.name, every=target.pace) for target in paced if target.pace is not None)
