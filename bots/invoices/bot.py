"""Enter suppliers' invoices in the ledger, as accounts payable does it by hand (see process.toml).

Work item:  one document, referenced by the hash of its bytes; a file sent twice is one item.
Effect:     post: one voucher per supplier and invoice number.
To people:  every check of checks.py that does not pass; unreadable documents; goods not received after five mornings.
Owner:      accounts payable.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from targets.ledger import Ledger, VoucherReceipt
from understudy import Bot, Context, Document, Listed, NewItem, Trial, WorkItem

from .checks import accounts_payable
from .masters import masters_of, queries
from .matching import articles, match_lines, match_supplier
from .mornings import next_working_morning
from .ordered import awaited
from .reading import read_invoice
from .settings import Settings
from .trial import tried
from .vouchers import before_ours, business_key, find_similar, known, plan_voucher

bot = Bot("invoices", settings=Settings)


@bot.collect
def collect(ctx: Context[Settings]) -> Iterator[NewItem]:
    """Offer every document in the inbox; a reference already known is counted as a duplicate."""
    for document in ctx.inbox(ctx.settings.inbox):
        yield NewItem(reference=document.sha256, files=(document,))


@bot.process
def process(item: WorkItem, ctx: Context[Settings]) -> VoucherReceipt:
    """Read, look up supplier and order, check, wait for the goods, post."""
    ours = ctx.settings
    invoice = ctx.step("read", read_invoice, item.file(), own_names=ours.own_names, own_vat_ids=ours.own_vat_ids)
    if invoice.gross is not None and invoice.currency is not None:
        ctx.amount(invoice.gross, invoice.currency)
    with ctx.target(Ledger) as ledger:
        masters = masters_of(ours, ledger)
        candidates = ctx.look("suppliers", masters.candidates, tuple(queries(invoice)))
        match = ctx.step("supplier", match_supplier, invoice, candidates)
        supplier = ctx.look("supplier", masters.supplier, match.number)
        order = ctx.look("order", masters.order, invoice.order_number)
        similar = ctx.look(
            "vouchers",
            find_similar,
            ledger,
            supplier,
            number=invoice.number,
            issued=invoice.issue_date,
            gross=invoice.gross,
        )
        matches = ctx.step("lines", match_lines, invoice.lines, articles(order))
        order, similar = before_ours(order, similar, invoice=invoice, matches=matches)
        ctx.check(
            accounts_payable,
            invoice=invoice,
            match=match,
            supplier=supplier,
            order=order,
            matches=matches,
            similar=similar,
            arrived=item.added_at.date(),
            settings=ours,
        )
        supplier, order = known(supplier, order)
        if missing := awaited(invoice, order, matches):
            ctx.later(
                next_working_morning(ctx.now, region=ours.holidays, hour=ours.morning),
                f"Nothing has been received yet of {missing[0]!r} on order {invoice.order_number}.",
                code="GOODS_NOT_RECEIVED",
                most=ours.goods_mornings,
            )
        return ctx.effect(
            "post",
            key=business_key(supplier, invoice.number),
            plan=plan_voucher(invoice, supplier, order, matches=matches, document=item.file()),
            find=ledger.find_voucher,
            do=ledger.post,
        )


@bot.listed
def listed(ctx: Context[Settings], since: datetime) -> Iterator[Listed]:
    """What the ledger lists as entered by the bot's user."""
    with ctx.target(Ledger) as ledger:
        yield from ledger.listed((since - timedelta(days=1)).date())


@bot.trial
def trial(document: Document, settings: Settings, now: datetime, text_only: bool) -> Trial:
    """Read and check one document without the ledger."""
    return tried(document, settings, arrived=now.date(), text_only=text_only)
