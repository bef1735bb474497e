"""What an organisation decides about its invoices; the `[bots.invoices.settings]` table of bots.toml."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Percent = Annotated[Decimal, Field(ge=0, le=100)]
Days = Annotated[int, Field(ge=0)]


class Settings(BaseModel):
    """Inbox, who we are, tolerances, and where supplier and order data come from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    inbox: Path = Path("inbox")  # where suppliers' documents arrive; a relative one starts at the installation
    own_names: tuple[str, ...] = ()  # our own names as printed on invoices: never the supplier
    own_vat_ids: tuple[str, ...] = ()  # our own VAT numbers
    exports: Path | None = None  # folder of dated exports; absent: the ledger's screens are asked
    export_days: Days = 7  # how old an export may be
    price_percent: Percent = Decimal(2)  # a price may be above the order's by this share...
    price_amount: Decimal = Decimal("1.00")  # ...or by this much a line, whichever is less
    rounding: Decimal = Decimal("0.02")  # difference in sums that is put down to rounding
    future_days: Days = 3  # how far ahead an invoice may be dated
    past_days: Days = 365  # how old an invoice may be
    holidays: str = "GB-ENG"  # country and nation whose holidays are no working days
    goods_mornings: Days = 5  # how many working mornings goods are waited for
    morning: int = Field(default=8, ge=0, le=23)  # hour (UTC) at which the bot looks again

    @property
    def export_limit(self) -> timedelta:
        """How old an export may be."""
        return timedelta(days=self.export_days)
