"""The whole reading: what cannot be read, what the XML says, what a person corrects."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal as D
from pathlib import Path

import pytest

from bots.invoices.model import Invoice
from bots.invoices.reading import read_invoice, read_pages
from understudy import BusinessException, Document, DocumentText, EInvoice, Table

Paper = Callable[..., DocumentText]

PAGE = """
Skerrow Foodservice Ltd
Fish Quay 4
SK3 3DB

INVOICE
Invoice No.: SF-016276                 Invoice date: 19/10/2026
VAT no. GB 102 2842 61

Description                          Qty    Unit price      Amount
Eggs, tray of 30                       2        50.00       100.00

                                       Net total           £100.00
                                       VAT 20%              £20.00
                                       Total due           £120.00
"""


class Opened:
    """A document's content that is already known."""

    def __init__(self, text: DocumentText, einvoice: EInvoice | None = None) -> None:
        self._text, self._einvoice = text, einvoice

    def text(self, document: Document) -> DocumentText:
        """The words."""
        return self._text

    def tables(self, document: Document, pages: tuple[int, ...]) -> tuple[Table, ...]:
        """No ruled tables."""
        return ()

    def einvoice(self, document: Document) -> EInvoice | None:
        """The embedded e-invoice."""
        return self._einvoice


def document(text: DocumentText, einvoice: EInvoice | None = None) -> Document:
    """A document with known content."""
    return Document(sha256="0" * 64, name="a.pdf", size=1, path=Path("a.pdf"), opener=Opened(text, einvoice))


def einvoice(**changes: object) -> EInvoice:
    """An e-invoice that says what PAGE says."""
    fields: dict[str, object] = {
        "syntax": "CII",
        "profile": None,
        "number": "SF-016276",
        "type_code": "380",
        "issue_date": date(2026, 10, 19),
        "due_date": None,
        "currency": "GBP",
        "supplier": "Skerrow Foodservice Ltd",
        "vat_id": "GB102284261",
        "iban": None,
        "account_number": None,
        "sort_code": None,
        "buyer": None,
        "order_number": None,
        "line_total": D(100),
        "allowances": None,
        "charges": None,
        "net": D(100),
        "tax": D(20),
        "gross": D(120),
        "prepaid": None,
        "rounding": None,
        "payable": D(120),
    }
    return EInvoice(**(fields | changes))  # type: ignore[arg-type]


def test_a_page_is_read_whole(paper: Paper) -> None:
    """Header, totals, lines and parties of a plain invoice."""
    invoice = read_invoice(document(paper(PAGE)))
    assert (invoice.supplier, invoice.number, invoice.issue_date) == (
        "Skerrow Foodservice Ltd",
        "SF-016276",
        date(2026, 10, 19),
    )
    assert (invoice.net, invoice.tax, invoice.gross, invoice.currency) == (D(100), D(20), D(120), "GBP")
    assert (invoice.kind, invoice.read_from, len(invoice.lines), invoice.documents) == ("invoice", "page", 1, 1)


def test_an_invoice_comes_back_from_json(paper: Paper) -> None:
    """What is stored is what was read, and a correction by its path gives a valid invoice."""
    invoice = read_pages(paper(PAGE))
    assert Invoice.model_validate_json(invoice.model_dump_json()) == invoice
    stored = invoice.model_dump(mode="json") | {"gross": "121.00"}
    assert Invoice.model_validate(stored).gross == D("121.00")


def test_a_page_without_text_goes_to_a_person(paper: Paper) -> None:
    """A scan is refused in words a clerk can act on."""
    with pytest.raises(BusinessException, match="no text") as caught:
        read_invoice(document(paper("")))
    assert caught.value.code == "TEXT_MISSING"


def test_garbled_text_goes_to_a_person(paper: Paper) -> None:
    """Text without meaning is not guessed at."""
    with pytest.raises(BusinessException, match="garbled") as caught:
        read_invoice(document(paper(PAGE, garbled=0.6)))
    assert caught.value.code == "TEXT_UNREADABLE"


def test_the_embedded_invoice_comes_first(paper: Paper) -> None:
    """The XML's values are taken, with their places on the page where the page agrees."""
    invoice = read_invoice(document(paper(PAGE), einvoice()))
    assert (invoice.read_from, invoice.disagreements) == ("xml", {})
    assert (invoice.sources["gross"].source, invoice.sources["gross"].page) == ("xml", 1)


def test_a_page_that_says_otherwise_is_a_rival(paper: Paper) -> None:
    """The XML's amount is taken and the page's kept beside it, for a check."""
    invoice = read_invoice(document(paper(PAGE), einvoice(gross=D("999.00"), payable=D("999.00"))))
    assert invoice.gross == D("999.00")
    assert [rival.value for rival in invoice.disagreements["gross"]] == ["120.00"]


def test_the_embedded_invoice_does_without_a_page(paper: Paper) -> None:
    """A scan with XML in it is read from the XML."""
    assert read_invoice(document(paper(""), einvoice())).number == "SF-016276"


def test_a_credit_note_s_xml_is_negative(paper: Paper) -> None:
    """Type 381 counts as negative, however its amounts are written."""
    for sign in (1, -1):
        credit = einvoice(
            type_code="381", net=D(100) * sign, tax=D(20) * sign, gross=D(120) * sign, payable=D(120) * sign
        )
        invoice = read_invoice(document(paper(""), credit))
        assert (invoice.kind, invoice.net, invoice.gross, invoice.payable) == ("credit note", D(-100), D(-120), D(-120))


def test_text_only_ignores_the_xml(paper: Paper) -> None:
    """So that reading can be measured on documents that carry their own truth."""
    invoice = read_invoice(document(paper(PAGE), einvoice(gross=D("999.00"))), text_only=True)
    assert (invoice.gross, invoice.read_from) == (D(120), "page")


def test_two_invoices_in_one_file_are_counted(paper: Paper) -> None:
    """Each page has a number of its own; the same number on two pages is one document."""
    other = PAGE.replace("SF-016276", "SF-016300")
    assert read_pages(paper(PAGE, other)).documents == 2
    assert read_pages(paper(PAGE, other)).numbers_seen == ("SF-016276", "SF-016300")
    assert read_pages(paper(PAGE, PAGE)).documents == 1


def test_a_statement_has_no_number_and_no_amounts(paper: Paper) -> None:
    """A statement lists other documents: none of their values is taken for its own."""
    invoice = read_pages(
        paper(
            "STATEMENT OF ACCOUNT\n"
            "\nInvoice No.   Date         Amount\nSF-1          01/02/2026   £120.00\nBalance due £120.00"
        )
    )
    assert (invoice.kind, invoice.number, invoice.gross, invoice.lines) == ("statement", None, None, ())


def test_an_empty_document_is_an_empty_invoice() -> None:
    """No page, no value, no error."""
    assert read_pages(DocumentText(())).number is None


def test_a_remittance_slip_makes_no_statement(paper: Paper) -> None:
    """An invoice with a slip to cut off is still an invoice; a statement that lists invoices is none."""
    assert read_pages(paper(PAGE + "\n\nREMITTANCE ADVICE\n")).kind == "invoice"
    assert read_pages(paper("STATEMENT\n\nInvoice no. 17     £12.00")).kind == "statement"
