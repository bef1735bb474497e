"""E-invoices in CII and UBL, embedded and alone, and XML that is made to do harm."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import FileUnreadable
from core.files import find_einvoice, parse_einvoice
from core.files.einvoice import einvoice_from
from core.model.documents import Attachment, Document
from core.model.einvoices import EInvoice, EInvoiceLine, EInvoiceTax
from tests.core.files.einvoices import cii, ubl, zugferd_1
from tests.core.files.pdfs import line, pdf

Make = Callable[..., Document]

BILLION = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;">]><x>&d;</x>"""
OUTSIDE = b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><CrossIndustryInvoice>&f;</CrossIndustryInvoice>'
DTD = b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><CrossIndustryInvoice/>'


def parsed(data: bytes) -> EInvoice:
    """Parse XML that is an invoice."""
    found = parse_einvoice(data)
    assert found
    return found


def test_cii_gives_every_field() -> None:
    """A Factur-X invoice is read to the neutral record, amounts exact."""
    found = parsed(cii())
    assert found == EInvoice(
        syntax="CII",
        profile="urn:cen.eu:en16931:2017",
        number="RE-2026/17",
        type_code="380",
        issue_date=date(2026, 3, 2),
        due_date=date(2026, 4, 1),
        currency="EUR",
        supplier="Windmühle & Söhne GmbH",
        vat_id="DE136695976",
        iban="DE02120300000000202051",
        account_number=None,
        sort_code=None,
        buyer="Northbridge Clinic",
        order_number="PO-0815",
        line_total=Decimal("110.00"),
        allowances=Decimal("10.00"),
        charges=Decimal("0.00"),
        net=Decimal("100.00"),
        tax=Decimal("19.00"),
        gross=Decimal("119.00"),
        prepaid=Decimal("19.00"),
        rounding=None,
        payable=Decimal("100.00"),
        taxes=(EInvoiceTax(category="S", rate=Decimal("19.00"), net=Decimal("100.00"), tax=Decimal("19.00")),),
        lines=(
            EInvoiceLine(
                number="1",
                description="Dressing, sterile",
                quantity=Decimal("200"),
                unit="C62",
                unit_price=Decimal("0.55"),
                vat_rate=Decimal("19.00"),
                net=Decimal("110.00"),
            ),
        ),
    )


def test_zugferd_1_says_the_same_in_other_names() -> None:
    """The first version's names give the same fields."""
    old, new = parsed(zugferd_1()), parsed(cii())
    assert old.number == new.number
    assert (old.net, old.tax, old.gross, old.payable) == (new.net, new.tax, new.gross, new.payable)
    assert (old.iban, old.vat_id, old.order_number) == (new.iban, new.vat_id, new.order_number)
    assert old.lines == new.lines
    assert old.taxes == new.taxes


def test_ubl_gives_every_field() -> None:
    """A Peppol invoice with a UK account is read to the neutral record."""
    found = parsed(ubl())
    assert (found.syntax, found.number, found.type_code) == ("UBL", "INV-88", "380")
    assert (found.issue_date, found.due_date, found.currency) == (date(2026, 3, 2), date(2026, 4, 1), "GBP")
    assert (found.supplier, found.vat_id, found.buyer) == ("Fenwick Supplies Ltd", "GB123456782", "Northbridge Clinic")
    assert (found.iban, found.account_number, found.sort_code) == (None, "31926819", "601613")
    assert (found.net, found.tax, found.gross) == (Decimal("100.00"), Decimal("20.00"), Decimal("120.00"))
    assert found.order_number == "PO-7"
    assert found.lines[0].description == "Gloves, nitrile"
    assert found.lines[0].unit_price == Decimal("4.00")
    assert found.lines[0].vat_rate == Decimal("20")
    assert not found.credit_note


def test_ubl_credit_note() -> None:
    """A credit note has its own element names and says that it is one."""
    found = parsed(ubl(kind="CreditNote"))
    assert found.credit_note
    assert found.type_code == "381"
    assert found.lines[0].quantity == Decimal("25")
    assert found.gross == Decimal("120.00")


def test_tax_in_another_currency_is_not_taken() -> None:
    """When the tax is repeated in the supplier's own currency, the invoice's currency counts."""
    assert parsed(cii(extra_tax='<ram:TaxTotalAmount currencyID="GBP">16.00</ram:TaxTotalAmount>')).tax == Decimal(
        "19.00"
    )


@pytest.mark.parametrize(
    "name", ["factur-x.xml", "ZUGFeRD-invoice.xml", "zugferd-invoice.xml", "xrechnung.xml", "invoice.xml"]
)
def test_the_invoice_is_found_among_the_attachments(document: Make, name: str) -> None:
    """A PDF's embedded invoice is found under each name in use, beside other files, and read in the child."""
    files = [("photo.jpg", b"\xff\xd8"), ("stock.xml", b"<stock/>"), (name, cii())]
    made = document(pdf(line("Rechnung", 50, 700), attachments=files))
    assert made.einvoice() == parse_einvoice(cii())
    assert made.einvoice() == find_einvoice(made.text().attachments)


def test_a_pdf_without_xml_has_no_einvoice(document: Make) -> None:
    """Most invoices carry none, which is no error."""
    assert document(pdf(line("Invoice", 50, 700))).einvoice() is None
    assert document(pdf(b"", attachments=[("stock.xml", b"<stock/>")])).einvoice() is None


@pytest.mark.parametrize("data", [cii(), b"\xef\xbb\xbf" + ubl(), cii().decode().encode("utf-16")])
def test_xml_alone_is_read_too(document: Make, data: bytes) -> None:
    """An XML file is the invoice itself, whatever its encoding; its text is refused as no PDF."""
    alone = document(data.replace(b'encoding="UTF-8"', b""), "invoice.xml")
    assert alone.einvoice()
    with pytest.raises(FileUnreadable) as caught:
        alone.text()
    assert caught.value.code == "FILE_NOT_PDF"


@pytest.mark.parametrize("data", [BILLION, OUTSIDE, DTD, OUTSIDE.decode().encode("utf-16")])
def test_document_types_are_refused(document: Make, data: bytes) -> None:
    """Entities, outside files and document types never get to be read, alone or embedded."""
    for made in (document(data, "invoice.xml"), document(pdf(b"", attachments=[("factur-x.xml", data)]))):
        with pytest.raises(FileUnreadable) as caught:
            made.einvoice()
        assert (caught.value.code, caught.value.permanent) == ("XML_FORBIDDEN", True)
        assert "passwd" not in caught.value.message


@pytest.mark.parametrize("data", [b"", b"no xml", cii()[:-30], b"<a>" * 100_000])
def test_damaged_xml_is_refused(document: Make, data: bytes) -> None:
    """Embedded XML that is not well-formed is an error of its own, not a missing invoice."""
    with pytest.raises(FileUnreadable) as caught:
        document(pdf(b"", attachments=[("factur-x.xml", data)])).einvoice()
    assert (caught.value.code, caught.value.permanent) == ("XML_DAMAGED", True)


@pytest.mark.parametrize("data", [b"neither\n", b"PK\x03\x04"])
def test_neither_pdf_nor_xml(document: Make, data: bytes) -> None:
    """A file that is neither is refused as such."""
    with pytest.raises(FileUnreadable) as caught:
        document(data).einvoice()
    assert caught.value.code == "FILE_NOT_PDF"


@pytest.mark.parametrize("amount", ["12,50", "NaN", "1e99", "Infinity", "twelve", "", "1 000.00", "9" * 40])
def test_an_amount_that_is_none_is_absent(amount: str) -> None:
    """An amount not written as the standard has it is absent, never a guess."""
    assert parsed(cii(gross=amount)).gross is None


@pytest.mark.parametrize("day", ["20260230", "2026", "tomorrow", "02032026", ""])
def test_a_date_that_is_none_is_absent(day: str) -> None:
    """A date that is not one is absent."""
    assert parsed(cii(issued=day)).issue_date is None


@settings(deadline=None)
@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=4))
def test_amounts_are_exact(amount: Decimal) -> None:
    """Whatever amount is written, exactly it is read, sign and places included."""
    assert str(parsed(cii(gross=f"{amount:f}")).gross) == f"{amount:f}"


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_an_invoice_nothing_or_a_reason(data: bytes) -> None:
    """No content breaks the parser other than by a reason."""
    try:
        found: object = find_einvoice([Attachment("factur-x.xml", data)])
    except FileUnreadable as error:
        found = error.permanent
    assert found is None or found is True or isinstance(found, EInvoice)


def test_spaces_in_bank_details_and_vat_numbers_do_not_matter() -> None:
    """Numbers that people write in groups are kept without spaces."""
    found = parsed(cii().replace(b"DE02120300000000202051", b"DE02 1203 0000 0000 2020 51"))
    assert found.iban == "DE02120300000000202051"


def test_the_record_is_made_only_of_plain_text() -> None:
    """What the child sends must have its shape; anything else is a broken answer."""
    with pytest.raises((LookupError, TypeError, ValueError)):
        einvoice_from({"syntax": "CII"})
