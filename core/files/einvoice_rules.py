"""The sums that an e-invoice must hold by EN 16931; pure, to show what was found and expected.

Rules compare amounts rounded to two decimals, without tolerance; the tax of one rate may be off by less than one
unit of the currency. A rule whose amounts are absent is not evaluated, and says so.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal

from core.model.einvoices import EInvoice, EInvoiceTax

_CENT = Decimal("0.01")
_ZERO = Decimal(0)
_ROUNDING = Context(prec=100, rounding=ROUND_HALF_UP)  # whatever size of number a file holds


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """How one rule came out: `holds` is None when an amount it needs is absent."""

    rule: str  # the rule's number in EN 16931
    meaning: str
    holds: bool | None
    found: Decimal | None
    expected: Decimal | None


def arithmetic(invoice: EInvoice) -> tuple[Finding, ...]:
    """Evaluate the sums of an e-invoice; all rules, in the order of their numbers."""
    lines = _total(line.net for line in invoice.lines) if invoice.lines else None
    taxes = _total(tax.tax for tax in invoice.taxes) if invoice.taxes else None
    allowances, charges = invoice.allowances or _ZERO, invoice.charges or _ZERO
    prepaid, rounding = invoice.prepaid or _ZERO, invoice.rounding or _ZERO
    sums = (
        ("BR-CO-10", "the lines add up to the sum of the lines", invoice.line_total, lines),
        (
            "BR-CO-13",
            "sum of the lines - allowances + charges = amount without tax",
            invoice.net,
            _plus(invoice.line_total, charges - allowances),
        ),
        ("BR-CO-14", "the tax rows add up to the tax", invoice.tax, taxes),
        (
            "BR-CO-15",
            "amount without tax + tax = amount with tax",
            invoice.gross,
            _plus(invoice.net, invoice.tax),
        ),
        (
            "BR-CO-16",
            "amount with tax - prepaid + rounding = amount to pay",
            invoice.payable,
            _plus(invoice.gross, rounding - prepaid),
        ),
    )
    return tuple(_finding(*row) for row in sums) + tuple(map(_tax_row, invoice.taxes))


def _finding(rule: str, meaning: str, found: Decimal | None, expected: Decimal | None) -> Finding:
    if found is None or expected is None:
        return Finding(rule=rule, meaning=meaning, holds=None, found=found, expected=expected)
    found, expected = _cents(found), _cents(expected)
    return Finding(rule=rule, meaning=meaning, holds=found == expected, found=found, expected=expected)


def _tax_row(row: EInvoiceTax) -> Finding:
    """Evaluate BR-CO-17 for one rate."""
    meaning = f"tax at {row.rate}%" if row.rate is not None else "tax without a rate"
    expected = None if row.net is None or row.rate is None else _cents(row.net * row.rate / 100)
    holds = None if expected is None or row.tax is None else abs(row.tax - expected) < 1
    return Finding(rule="BR-CO-17", meaning=meaning, holds=holds, found=row.tax, expected=expected)


def _total(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """Add up; one absent amount makes the total unknown."""
    total = _ZERO
    for amount in amounts:
        if amount is None:
            return None
        total += amount
    return total


def _plus(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one + other


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, context=_ROUNDING)
