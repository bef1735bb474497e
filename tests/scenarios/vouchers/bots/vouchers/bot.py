"""Enters vouchers from a list into a book, each exactly once."""

import csv
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel

from understudy import NOBODY, Bot, Context, Finding, Listed, NewItem, RulePack, WorkItem, failed, passed

from .book import Receipt, Voucher, enter, entered, find
from .traps import meet


class Settings(BaseModel):
    """The `[bots.vouchers.settings]` table."""

    folder: Path = Path(__file__).resolve().parents[2]


bot = Bot("vouchers", settings=Settings)
checks = RulePack("vouchers", version="1")


@checks.rule("SUPPLIER_ON_HOLD", source="purchasing rules 4.2", action="Ask purchasing.", waive=NOBODY)
def supplier_on_hold(on_hold: str) -> Finding:
    """Nothing is entered for a supplier on hold."""
    return passed() if on_hold == "no" else failed("The supplier is on hold.")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@bot.collect
def collect(ctx: Context[Settings]) -> Iterator[NewItem]:
    meet()
    for row in rows(ctx.settings.folder / "vouchers.csv"):
        yield NewItem(reference=row["number"], payload=row)


def read(row: dict[str, str]) -> Voucher:
    return Voucher(number=row["number"], supplier=row["supplier"], net=Decimal(row["net"]))


def on_hold(suppliers: Path, name: str) -> str:
    return next(row["on_hold"] for row in rows(suppliers) if row["name"] == name)


@bot.process
def process(item: WorkItem, ctx: Context[Settings]) -> Receipt:
    voucher = ctx.step("read", read, dict(item.payload))
    ctx.amount(voucher.net, "GBP")
    ctx.check(checks, on_hold=ctx.look("supplier", on_hold, ctx.settings.folder / "suppliers.csv", voucher.supplier))
    return ctx.effect("enter", key=voucher.number, plan=voucher, find=find, do=enter, target="book")


@bot.listed
def listed(ctx: Context[Settings], since: datetime) -> list[Listed]:
    return [Listed(receipt=str(entry), key=number) for entry, number, _ in entered()]
