"""What `understudy try invoices FILE` shows: reading and the checks that need nothing but the document."""

from datetime import date

from understudy import (
    BusinessException,
    CheckOutcome,
    Document,
    FileUnreadable,
    Missing,
    Outcome,
    Trial,
    TrialValue,
)

from .checks import accounts_payable
from .model import Invoice
from .reading import read_invoice
from .settings import Settings

_FIELDS = (
    "supplier", "number", "issue_date", "due_date", "order_number", "net", "tax", "gross", "currency", "vat_id",
    "iban", "sort_code", "account_number",
)  # fmt: skip
_ELSEWHERE = Missing(reason="Needs the ledger; a trial looks at the document only.")


def tried(document: Document, settings: Settings, *, arrived: date, text_only: bool) -> Trial:
    """Read one document and make the checks it allows; nothing outside is asked or changed."""
    try:
        invoice = read_invoice(
            document, own_names=settings.own_names, own_vat_ids=settings.own_vat_ids, text_only=text_only
        )
    except (BusinessException, FileUnreadable) as error:
        return _unreadable(error)
    facts: dict[str, object] = dict.fromkeys(("match", "supplier", "order", "matches", "similar"), _ELSEWHERE)
    checks = accounts_payable.run({**facts, "invoice": invoice, "settings": settings, "arrived": arrived})
    stopped = any(check.outcome is Outcome.FAILED for check in checks)
    return Trial(
        fields={name: _value(invoice, name) for name in _FIELDS},
        lines=tuple(line.model_dump(mode="json", exclude={"unit"}) for line in invoice.lines),
        checks=checks,
        verdict="review" if stopped else "look_up",
    )


def _unreadable(error: BusinessException | FileUnreadable) -> Trial:
    return Trial(
        fields=dict.fromkeys(_FIELDS, TrialValue(value=None)),
        checks=(CheckOutcome(code=error.code, outcome=Outcome.FAILED, message=error.message, found=error.message),),
        verdict="unreadable",
    )


def _value(invoice: Invoice, name: str) -> TrialValue:
    value = invoice.model_dump(mode="json", include={name})[name]
    source = invoice.sources.get(name)
    if source is None:
        return TrialValue(value=value)
    return TrialValue(value=value, page=source.page, box=source.box, source=source.source)
