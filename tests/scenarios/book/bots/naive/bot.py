"""The control: enters a voucher as a plain script would, without telling the toolkit that it changes anything."""

from collections.abc import Iterator
from typing import Any

from targets.book import Book, Receipt, Voucher

from understudy import Bot, Context, NewItem, WorkItem

bot = Bot("naive")


@bot.collect
def collect(ctx: Context[Any]) -> Iterator[NewItem]:
    yield NewItem(reference="RD-1001", payload={"supplier": "Redwood Dale", "net": "120.00"})


@bot.process
def process(item: WorkItem, ctx: Context[Any]) -> Receipt:
    with ctx.target(Book) as book:
        return book.enter(Voucher(number=item.reference, **item.payload))
