"""What the tests of the core play with: a book that can go wrong in every way, and a small bot that writes in it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from core.bot import Bot
from core.model.answers import Absent, Answer, CannotTell, Found
from core.model.items import NewItem, WorkItem
from core.runtime import Context, Listed
from core.target import TargetSettings
from core.testing import Stage, loaded
from core.timing.calendars import Calendar
from core.timing.hours import Hours
from core.timing.spans import DatedSpan, Freeze, WeeklySpan

SETTLE = timedelta(seconds=20)
Process = Callable[[WorkItem, Context[Any]], Any]


class Entry(BaseModel):
    """The plan of the tests' effect."""

    model_config = ConfigDict(frozen=True)

    number: str
    net: Decimal = Decimal("5.00")


class Receipt(BaseModel):
    """The book's proof, with more than its number in it."""

    model_config = ConfigDict(frozen=True)

    at: str | None = None
    number: str


@dataclass
class Book:
    """A system to act on: what was entered in it, and what it does wrong next (each fault is used up once)."""

    entries: list[tuple[str, str]] = field(default_factory=list)  # (number of the entry, receipt)
    made: int = 0
    searches: int = 0
    before: list[BaseException] = field(default_factory=list)  # raised by `do` before anything is entered
    after: list[BaseException] = field(default_factory=list)  # raised by `do` after the entry was made
    blind: list[str | BaseException] = field(default_factory=list)  # `find` cannot tell, or raises

    def find(self, plan: Entry) -> Answer[Receipt]:
        """Look for the entry by its number."""
        self.searches += 1
        if self.blind:
            trouble = self.blind.pop(0)
            if isinstance(trouble, BaseException):
                raise trouble
            return CannotTell(trouble)
        hits = [receipt for number, receipt in self.entries if number == plan.number]
        return Found(Receipt(number=hits[0], at="long ago")) if hits else Absent()

    def do(self, plan: Entry) -> Receipt:
        """Enter it."""
        if self.before:
            raise self.before.pop(0)
        self.made += 1
        receipt = f"V-{self.made}"
        self.entries.append((plan.number, receipt))
        if self.after:
            raise self.after.pop(0)
        return Receipt(number=receipt, at="today")

    def numbers(self) -> list[str]:
        """Return what was entered, in order."""
        return [number for number, _ in self.entries]


def entering(book: Book, *, key: Callable[[Entry], str] = lambda plan: plan.number, target: str = "book") -> Process:
    """Return a process function that reads a number and enters it."""

    def process(item: WorkItem, ctx: Context[Any]) -> Receipt:
        plan = ctx.step("read", read_entry, dict(item.payload))
        return ctx.effect("post", key=key(plan), plan=plan, find=book.find, do=book.do, target=target)

    return process


def read_entry(payload: dict[str, str]) -> Entry:
    """The step of the tests' bot."""
    return Entry(number=payload["number"], net=Decimal(payload.get("net", "5.00")))


def numbered(*numbers: str) -> list[NewItem]:
    """Return one new item for each number, which is its reference too."""
    return [NewItem(reference=number, payload={"number": number}) for number in numbers]


def simulated(name: str = "book", *, simulator: bool = True) -> TargetSettings:
    """Return the settings of a target."""
    return TargetSettings(name=name, simulator=simulator, settle=SETTLE)


def hours(
    *open: str, maintenance: Iterable[str] = (), freeze: Iterable[str] = (), target: str = "book", zone: str = "UTC"
) -> dict[str, Hours]:
    """Return the hours of one target as a bot has them, written as in bots.toml."""
    made = Hours(
        target=target,
        zone=ZoneInfo(zone),
        calendar=Calendar(name="default"),
        open=tuple(WeeklySpan.parse(text) for text in open),
        maintenance=tuple((DatedSpan if "/" in text else WeeklySpan).parse(text) for text in maintenance),
        freezes=tuple(Freeze.parse(text) for text in freeze),
    )
    return {target: made}


@contextmanager
def staged(
    process: Process,
    *,
    items: Iterable[NewItem] | Callable[[], Iterable[NewItem]] = (),
    people: Mapping[str, tuple[str, ...]] | None = None,
    secrets: Mapping[str, str] | None = None,
    listed: Callable[[Context[Any], datetime], Iterable[Listed]] | None = None,
    targets: Iterable[TargetSettings] | None = None,
    name: str = "clerk",
    url: str = "sqlite://",
    **values: Any,
) -> Iterator[Stage]:
    """Put a bot with this process function on a stage; `values` are what bots.toml says of it."""
    bot = Bot[Any](name)
    offered = items if callable(items) else list(items)
    bot.collect(lambda ctx: offered() if callable(offered) else iter(offered))
    bot.process(process)
    if listed is not None:
        bot.listed(listed)
    there = {target.name: target for target in (targets if targets is not None else [simulated()])}
    with (
        TemporaryDirectory() as folder,
        Stage(loaded(bot, targets=there), folder=Path(folder), people=people, secrets=secrets, url=url) as stage,
    ):
        stage.change(**values)
        yield stage
