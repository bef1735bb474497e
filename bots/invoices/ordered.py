"""An invoice against its order: which lines belong together, what is too dear, what is still awaited. Pure."""

from collections.abc import Iterator
from decimal import Decimal

from targets.ledger import Order, OrderLine
from understudy import Finding, Missing, failed, not_evaluated, passed

from .matching import LineMatch, net_price
from .model import Invoice, Line
from .settings import Settings


def pairs(
    invoice: Invoice, order: Order, matches: tuple[LineMatch, ...]
) -> Iterator[tuple[int, Line, OrderLine | None]]:
    """Yield position and line of the invoice with the order line it was matched to; None when there is none."""
    by_number = {line.line: line for line in order.lines}
    for match in matches:
        wanted = None if match.order_line is None else by_number.get(match.order_line)
        yield match.line, invoice.lines[match.line], wanted


def awaited(invoice: Invoice, order: Order | Missing | None, matches: tuple[LineMatch, ...]) -> tuple[str, ...]:
    """Return the descriptions of the lines of which nothing has been received yet; none for a credit note."""
    if order is None or isinstance(order, Missing) or invoice.kind == "credit note":
        return ()
    return tuple(
        line.description
        for _, line, wanted in pairs(invoice, order, matches)
        if wanted is not None and wanted.received == 0
    )


def compare_prices(invoice: Invoice, order: Order, matches: tuple[LineMatch, ...], settings: Settings) -> Finding:
    """Judge every line's price by the order's."""
    if not invoice.lines:
        return _total_within(order, invoice, settings)
    for position, line, wanted in pairs(invoice, order, matches):
        where = f"Line {position + 1} ({line.description[:40]})"
        if wanted is None:
            return failed(f"{where} is not on order {order.number}.", fields=(f"lines.{position}.description",))
        price = net_price(line, includes_tax=invoice.prices_include_tax, rate=wanted.vat_rate)
        if price is None:
            return not_evaluated(
                f"{where} has no price that could be compared.", fields=(f"lines.{position}.unit_price",)
            )
        if _too_dear(abs(price), wanted, abs(line.quantity or Decimal(1)), settings):
            return failed(
                f"{where} costs {money(abs(price))}, the order says {money(wanted.unit_price)}.",
                found=money(abs(price)),
                expected=money(wanted.unit_price),
                fields=(f"lines.{position}.unit_price",),
            )
    return passed(found=f"{len(invoice.lines)} lines")


def _too_dear(price: Decimal, wanted: OrderLine, quantity: Decimal, settings: Settings) -> bool:
    """Above the order's price by more than either tolerance allows; half a penny is rounding."""
    above = price - wanted.unit_price
    share = wanted.unit_price * settings.price_percent / 100
    return above > Decimal("0.005") and (above > share or above * quantity > settings.price_amount)


def _total_within(order: Order, invoice: Invoice, settings: Settings) -> Finding:
    """Without lines the net amount can only be shown to be too much, never to be right."""
    ordered = sum((line.quantity * line.unit_price for line in order.lines), Decimal(0))
    if invoice.net is not None and abs(invoice.net) > ordered + settings.rounding:
        return failed(
            f"No lines were found; the net amount {money(invoice.net)} is above the order's {money(ordered)}.",
            found=money(invoice.net),
            expected=money(ordered),
            fields=("net",),
        )
    return not_evaluated("No lines were found on the document, so its prices cannot be compared with the order's.")


def compare_quantities(invoice: Invoice, order: Order, matches: tuple[LineMatch, ...]) -> Finding:
    """Judge every line's quantity by what was received; lines of which nothing was received are waited for."""
    for position, line, wanted in pairs(invoice, order, matches):
        if wanted is None or wanted.received == 0:
            continue
        where = f"Line {position + 1} ({line.description[:40]})"
        if line.quantity is None:
            return not_evaluated(f"{where} has no quantity.", fields=(f"lines.{position}.quantity",))
        taken_back = invoice.kind == "credit note"
        still_open = wanted.received if taken_back else wanted.received - wanted.invoiced
        if abs(line.quantity) > still_open:
            return failed(
                f"{where} charges {_quantity(abs(line.quantity))}; "
                f"received and not yet invoiced: {_quantity(still_open)}.",
                found=_quantity(abs(line.quantity)),
                expected=_quantity(still_open),
                fields=(f"lines.{position}.quantity",),
            )
    return passed(found=f"{len(invoice.lines)} lines")


def money(amount: Decimal | None) -> str:
    """Write an amount for people; empty when there is none."""
    return "" if amount is None else f"{amount:,.2f}"


def _quantity(quantity: Decimal) -> str:
    return f"{quantity.normalize():f}"
