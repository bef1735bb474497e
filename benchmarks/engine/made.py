"""The installations that the engine's benchmarks run: a bot with one trivial step, and one with four effects."""

from pathlib import Path

ONE_STEP = '''
"""One trivial step per item."""

from understudy import Bot, Context, NewItem, WorkItem
from pydantic import BaseModel


class Settings(BaseModel):
    """What the benchmark asks for."""

    items: int


bot = Bot("plain", settings=Settings)


def twice(number: int) -> int:
    """The trivial step."""
    return 2 * number


@bot.collect
def collect(ctx: Context[Settings]):
    """Offer so many items."""
    for number in range(ctx.settings.items):
        yield NewItem(reference=f"case-{number:06d}", payload={"number": number})


@bot.process
def process(item: WorkItem, ctx: Context[Settings]) -> int:
    """Compute one number."""
    return ctx.step("twice", twice, item.payload["number"])
'''

FOUR_EFFECTS = '''
"""Four effects per item on a target that is a dictionary: only the engine's own work is measured."""

from dataclasses import dataclass

from understudy import Absent, Bot, Context, Found, NewItem, WorkItem
from pydantic import BaseModel


class Settings(BaseModel):
    """What the benchmark asks for."""

    items: int


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What is entered."""

    key: str
    number: int


bot = Bot("entries", settings=Settings)
entered: dict[str, int] = {}


def find(plan: Entry) -> Found[int] | Absent:
    """Look whether it is there."""
    return Found(entered[plan.key]) if plan.key in entered else Absent()


def enter(plan: Entry) -> int:
    """Enter it."""
    if plan.key in entered:
        raise AssertionError(f"{plan.key} was entered twice")
    entered[plan.key] = plan.number
    return plan.number


@bot.collect
def collect(ctx: Context[Settings]):
    """Offer so many items."""
    for number in range(ctx.settings.items):
        yield NewItem(reference=f"case-{number:06d}", payload={"number": number})


@bot.process
def process(item: WorkItem, ctx: Context[Settings]) -> int:
    """Enter four records."""
    for name in ("open", "lines", "attach", "close"):
        key = f"{item.reference}/{name}"
        ctx.effect(name, key=key, plan=Entry(key=key, number=item.id), find=find, do=enter, target="book")
    return item.id
'''

BOTS = {"plain": ONE_STEP, "entries": FOUR_EFFECTS}


def make_installation(folder: Path, *, bot: str, items: int, database: str | None = None) -> Path:
    """Write an installation with one of the two bots, and return its folder; without a database it is SQLite's."""
    (folder / "bots" / bot).mkdir(parents=True)
    (folder / "bots" / bot / "bot.py").write_text(BOTS[bot].lstrip(), encoding="utf-8")
    lines = ["[installation]", 'profile = "test"']
    if database is not None:
        lines.append(f'database = "{database}"')
    lines += ["[targets.book]", 'profile = "test"', "simulator = true"]
    lines += [f"[bots.{bot}]", 'mode = "auto"', 'targets = ["book"]', f"[bots.{bot}.settings]"]
    lines.append(f"items = {items}")
    (folder / "bots.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder
