"""The sums of EN 16931."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from core.files import arithmetic, parse_einvoice
from core.model.einvoices import EInvoice
from tests.core.files.einvoices import cii, ubl


def invoice(data: bytes | None = None) -> EInvoice:
    """An e-invoice whose sums hold."""
    found = parse_einvoice(data or cii())
    assert found
    return found


def broken(changed: EInvoice) -> set[str]:
    """Return the rules that do not hold."""
    return {finding.rule for finding in arithmetic(changed) if finding.holds is False}


def test_right_sums_hold() -> None:
    """All rules hold for invoices that add up."""
    for data in (cii(), ubl(), ubl(kind="CreditNote")):
        assert all(finding.holds for finding in arithmetic(invoice(data)))


def test_each_wrong_amount_breaks_its_rules() -> None:
    """A changed amount is found by the rules it appears in, and by no other."""
    one = Decimal("0.01")
    right = invoice()
    assert right.net and right.tax and right.gross and right.payable and right.line_total  # noqa: PT018
    assert broken(replace(right, line_total=right.line_total + one)) == {"BR-CO-10", "BR-CO-13"}
    assert broken(replace(right, net=right.net - one)) == {"BR-CO-13", "BR-CO-15"}
    assert broken(replace(right, tax=right.tax + one)) == {"BR-CO-14", "BR-CO-15"}
    assert broken(replace(right, gross=right.gross + one)) == {"BR-CO-15", "BR-CO-16"}
    assert broken(replace(right, payable=right.payable - one)) == {"BR-CO-16"}
    assert broken(replace(right, prepaid=None)) == {"BR-CO-16"}
    assert broken(replace(right, taxes=(replace(right.taxes[0], net=Decimal("200.00")),))) == {"BR-CO-17"}


def test_a_finding_shows_what_was_found_and_expected() -> None:
    """The two amounts that differ are in the finding."""
    (wrong,) = (item for item in arithmetic(replace(invoice(), payable=Decimal("99"))) if item.holds is False)
    assert (wrong.found, wrong.expected) == (Decimal("99.00"), Decimal("100.00"))


def test_an_absent_amount_is_not_evaluated() -> None:
    """A rule that lacks an amount neither holds nor fails."""
    findings = {item.rule: item.holds for item in arithmetic(replace(invoice(), gross=None, lines=()))}
    assert findings["BR-CO-10"] is findings["BR-CO-15"] is findings["BR-CO-16"] is None
    assert findings["BR-CO-13"] is True


amounts = st.none() | st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20)


@settings(deadline=None)
@given(amounts, amounts, amounts)
def test_any_amounts_come_out(net: Decimal | None, tax: Decimal | None, gross: Decimal | None) -> None:
    """Whatever numbers a file holds, the rules answer."""
    right = invoice()
    taxes = (replace(right.taxes[0], net=net, rate=tax),)
    findings = {item.rule: item for item in arithmetic(replace(right, net=net, tax=tax, gross=gross, taxes=taxes))}
    assert (findings["BR-CO-15"].holds is None) == (None in (net, tax, gross))
