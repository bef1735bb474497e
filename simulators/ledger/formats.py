"""How the ledger shows and reads amounts, dates and rates."""

from datetime import date, datetime
from decimal import Decimal, InvalidOperation


def money(value: str | Decimal) -> str:
    """Show an amount: 1,234.50."""
    return f"{Decimal(value):,.2f}"


def price(value: str | Decimal) -> str:
    """Show a unit price: at least two decimals, more where it has them."""
    number = Decimal(value)
    return f"{number:,.2f}" if number == round(number, 2) else f"{number.normalize():,f}"


def plain(value: str | Decimal) -> str:
    """Show a quantity or a rate without trailing noughts."""
    return f"{Decimal(value).normalize():,f}"


def day(iso: str | None) -> str:
    """Show an ISO date as dd/mm/yyyy."""
    return date.fromisoformat(iso).strftime("%d/%m/%Y") if iso else ""


def read_number(text: str) -> Decimal | None:
    """Read what a person typed as a number; None when it is none."""
    try:
        number = Decimal(text.strip().replace(",", "").removeprefix("£").removesuffix("%"))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def read_day(text: str) -> str | None:
    """Read dd/mm/yyyy into ISO; None when it is no date."""
    try:
        return datetime.strptime(text.strip(), "%d/%m/%Y").date().isoformat()  # noqa: DTZ007 - a date only
    except ValueError:
        return None
