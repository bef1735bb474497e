"""The shipped worker, from claim to end, with a world around it that stops it anywhere; and the bot it works."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from core.errors import PortalUnavailable, SessionLost, StoreUnavailable
from core.model.answers import Absent, Found
from core.model.answers import Answer as Looked
from core.model.items import WorkItem
from core.model.runs import Mode
from core.runtime import Context, Workshop, host
from core.runtime.boundaries import Boundaries
from core.runtime.worker import Worker
from core.standins import StandIns
from core.store import items
from core.target import Target
from tests.simulation.faults import Answer

if TYPE_CHECKING:
    from tests.simulation.office import Office


class PowerCut(BaseException):
    """The worker is gone."""


class Place(Boundaries):
    """One place at which a worker works; when it dies another takes its place."""

    def __init__(self, office: "Office", number: int) -> None:
        super().__init__()
        self.office = office
        self._world = office.world
        self._chance = office.chance
        self._number = number
        self._lives = 0
        self._beat_at = 0.0
        self._worker: OneOfMany | None = None

    def live(self) -> None:
        """Work until the day is over, or until death."""
        self._lives += 1
        on = socket.gethostname() if self.office.rules.locks else f"host-{self._number}"
        life = f"{on}:{self._number}:{self._lives}"
        try:
            with host.alive(life, folder=self.office.locks):
                self._worker = OneOfMany(self, self._workshop(life))
                self._worker.work(run_id=None, linger=None)
        except (PowerCut, StoreUnavailable):
            self._world.begin(self.live, after=self._chance.uniform(5.0, 60.0))

    def _workshop(self, life: str) -> Workshop:
        office = self.office
        return Workshop(
            worker=life,
            folder=office.locks,
            database=office.database,
            holding=office.database,
            clock=replace(self._world.clock(), sleep=self._idle),
            documents=office.locks,
            keep=_nothing,
            opener=_nothing,  # type: ignore[arg-type]
            secret=_nothing,
            browser=lambda: self,
            standins=StandIns(office.locks),
            acting=True,
            boundaries=self,
        )

    def _idle(self, seconds: float) -> None:
        """Sleep for longer than asked when nothing can come due sooner: the worker would only look again and again."""
        with self.office.quiet(), self.office.database.reading() as tx:
            due = items.next_ready_at(tx, "clerk")
            longest = 5.0 if items.held(tx, bot="clerk") else 60.0
            soonest = longest if due is None else (due - tx.now).total_seconds()
        self._world.sleep(max(seconds, min(soonest, longest)))

    # -- what the world does to it ----------------------------------------------------------------------------------

    def reach(self, name: str) -> None:
        """Go on after a moment, or die here, or stand still here."""
        self.wait(self._chance.uniform(0.1, 2.0))
        self._perhaps_die(name)
        self._perhaps_stand_still()

    def wait(self, seconds: float) -> None:
        """Let time pass while the heart beats."""
        self._world.sleep(seconds)
        if self._world.time - self._beat_at >= self.office.bot.lease.total_seconds() / 3 and self._worker is not None:
            self._beat_at = self._world.time
            self._worker.beat()

    def answered(self, number: str) -> str:
        """Click, wait for the answer, and return the receipt."""
        rates = self.office.rates
        answer = self.office.enter(number)
        if answer is Answer.SILENCE:
            self._perhaps_die("awaiting the answer")
            self.wait(rates.timeout)
            raise PortalUnavailable("no answer")
        if answer is Answer.ERROR:
            raise PortalUnavailable("HTTP 500")
        return "its number"

    def unlucky(self, share: float) -> bool:
        """Draw whether a fault comes now."""
        return self._chance.random() < share

    def last_look(self) -> datetime:
        """The guard's look at the clock after it renewed the lease: a worker may stand still right before it."""
        self._perhaps_stand_still()
        return self.office.database.now()

    def _perhaps_die(self, where: str) -> None:
        if self.unlucky(self.office.rates.crash):
            self.office.died[where] += 1
            raise PowerCut

    def _perhaps_stand_still(self) -> None:
        rates = self.office.rates
        if self.unlucky(rates.pause):
            self._world.sleep(self._chance.uniform(rates.shortest_pause, rates.longest_pause))


class OneOfMany(Worker):
    """The shipped worker, with its heart in the hands of the world."""

    def __init__(self, place: Place, workshop: Workshop) -> None:
        office = place.office
        super().__init__(
            {"clerk": office.bot},
            workshop=workshop,
            mode_of=lambda bot: Mode.AUTO,
            stop=office.stop,
            locks=office.locks,
        )
        self.guard._now = place.last_look
        self._office = office

    def beat(self) -> None:
        """Renew the lease of the item at hand, as the heartbeat's thread does."""
        held = self._heartbeat._held
        if held is not None:
            self._heartbeat._beat(*held)

    def _reap(self, run_id: int | None) -> None:
        super()._reap(run_id)
        self._office.rules.after_reaping(self._office.database, self._office.bot)


class Entry(BaseModel):
    """The plan: one entry to be made."""

    model_config = ConfigDict(frozen=True)

    number: str


class Portal(Target):
    """The target, driven as a page object would drive it."""

    name = "portal"
    commits_by_page = True

    @property
    def _place(self) -> Place:
        place: Place = self.access.browser()
        return place

    @contextmanager
    def session(self) -> Iterator[None]:
        """Be there for one item; a dying browser may say so only when it is let go of."""
        try:
            yield
        finally:
            if self._place.unlucky(self._place.office.rates.browser):
                raise SessionLost("gone") if self._place.unlucky(0.5) else PortalUnavailable("the browser has died")

    def find(self, plan: Entry) -> Looked[str]:
        """Search for the entry."""
        self._place.wait(1.0)
        if self._place.unlucky(self._place.office.rates.search):
            raise PortalUnavailable("the search fails")
        found = self._place.office.rules.searches and self._place.office.search(plan.number)
        return Found("found") if found else Absent()

    def post(self, plan: Entry) -> str:
        """Fill the form and click."""
        self._place.wait(1.0)
        if self._place.unlucky(self._place.office.rates.session):
            raise SessionLost("the login is gone")
        self.access.guard.committing()
        return self._place.answered(plan.number)

    def send(self, plan: Entry) -> str:
        """Do it from the first line on."""
        return self._place.answered(plan.number)


def read(payload: dict[str, Any]) -> Entry:
    """The bot's one step."""
    return Entry(number=payload["number"])


def process(item: WorkItem, ctx: Context[Any]) -> str:
    """The simulated bot: some items go through a page object, some through a plain function."""
    plan = ctx.step("read", read, dict(item.payload))
    with ctx.target(Portal) as portal:
        if item.payload["plain"]:
            return ctx.effect(
                "post",
                key=plan.number,
                plan=plan,
                find=portal.find,
                do=lambda entry: portal.send(entry),
                target="portal",
            )
        return ctx.effect("post", key=plan.number, plan=plan, find=portal.find, do=portal.post)


def _nothing(data: Any) -> Any:
    raise TypeError("there are no documents, evidence or secrets in a simulation")
