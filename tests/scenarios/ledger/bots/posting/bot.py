"""Posts vouchers from a list in the ledger."""

import csv
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from targets.ledger import Ledger, Supplier, Voucher, VoucherLine, VoucherReceipt
from understudy import NOBODY, Bot, Context, Finding, Listed, NewItem, RulePack, WorkItem, failed, passed


class Settings(BaseModel):
    """The `[bots.posting.settings]` table."""

    file: Path = Path(__file__).parents[2] / "vouchers.csv"


bot = Bot("posting", settings=Settings)
checks = RulePack("posting", version="1")


@checks.rule("SUPPLIER_KNOWN", source="purchasing rules 4.1", action="Ask purchasing.", waive=NOBODY)
def supplier_known(supplier: Supplier | None) -> Finding:
    """The supplier is in the ledger."""
    return passed() if supplier is not None else failed("The ledger does not know the supplier.")


@bot.collect
def collect(ctx: Context[Settings]) -> Iterator[NewItem]:
    with ctx.settings.file.open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            yield NewItem(reference=row["number"], payload=row)


def read(row: dict[str, Any]) -> Voucher:
    amounts = {name: row[name] for name in ("net", "vat", "gross")}
    line = VoucherLine(description=row["text"], quantity=1, unit_price=row["net"], vat_rate=20, net=row["net"])
    key = f"{row['supplier']}/{row['number']}"
    head = {"supplier": row["supplier"], "number": row["number"], "invoice_date": row["date"], "currency": "GBP"}
    return Voucher.model_validate({**head, **amounts, "reference": key, "lines": [line]})


@bot.process
def process(item: WorkItem, ctx: Context[Settings]) -> VoucherReceipt:
    voucher = ctx.step("read", read, dict(item.payload))
    ctx.amount(voucher.gross, voucher.currency)
    with ctx.target(Ledger) as ledger:
        supplier = ctx.look("supplier", ledger.supplier, voucher.supplier)
        ctx.check(checks, supplier=supplier)
        return ctx.effect("post", key=voucher.reference, plan=voucher, find=ledger.find_voucher, do=ledger.post)


@bot.listed
def listed(ctx: Context[Settings], since: datetime) -> list[Listed]:
    with ctx.target(Ledger) as ledger:
        return list(ledger.listed(since.date()))
