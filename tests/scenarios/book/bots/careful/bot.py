"""Enters vouchers in the book, each exactly once."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel
from targets.book import Book, Receipt, Voucher

from understudy import NOBODY, Bot, Context, Finding, NewItem, RulePack, WorkItem, failed, passed


class Settings(BaseModel):
    """The `[bots.careful.settings]` table."""

    inbox: Path = Path("inbox")
    currency: str = "EUR"


bot = Bot("careful", settings=Settings)
checks = RulePack("careful", version="1")


@checks.rule("SUPPLIER_KNOWN", source="purchasing rules 4.1", action="Ask purchasing.", waive=NOBODY)
def supplier_known(voucher: Voucher, suppliers: list[str]) -> Finding:
    """The book knows the supplier."""
    return passed() if voucher.supplier in suppliers else failed(f"{voucher.supplier} is not known.")


@bot.collect
def collect(ctx: Context[Settings]) -> Iterator[NewItem]:
    if ctx.settings.currency == "GBP":  # as samples/rehearsal/settings.toml has it
        for document in ctx.inbox(ctx.settings.inbox, "*.txt"):
            yield NewItem(reference=document.name, payload={"text": document.path.read_text()}, files=(document,))


def read(text: str) -> Voucher:
    number, supplier, net = text.strip().split(";")
    return Voucher(number=number, supplier=supplier, net=net)


@bot.process
def process(item: WorkItem, ctx: Context[Settings]) -> Receipt:
    voucher = ctx.step("read", read, item.payload["text"])
    with ctx.target(Book) as book:
        ctx.check(checks, voucher=voucher, suppliers=ctx.look("suppliers", book.suppliers))
        return ctx.effect("enter", key=voucher.number, plan=voucher, find=book.find, do=book.enter)
