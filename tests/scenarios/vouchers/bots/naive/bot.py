"""The control: enters vouchers as a plain script would, without telling the toolkit that it changes anything."""

from collections.abc import Iterator
from typing import Any

from bots.vouchers.book import Receipt, enter
from bots.vouchers.bot import Settings, read
from bots.vouchers.bot import collect as collect_vouchers

from understudy import Bot, Context, NewItem, WorkItem

bot = Bot("naive", settings=Settings)


@bot.collect
def collect(ctx: Context[Any]) -> Iterator[NewItem]:
    yield from collect_vouchers(ctx)


@bot.process
def process(item: WorkItem, ctx: Context[Any]) -> Receipt:
    return enter(read(dict(item.payload)))
