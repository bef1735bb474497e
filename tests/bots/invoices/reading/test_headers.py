"""Numbers and dates beside and below their labels."""

from collections.abc import Callable

import pytest

from bots.invoices.reading import read_pages
from understudy import DocumentText

Paper = Callable[..., DocumentText]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Invoice No.: INV-0042", "INV-0042"),
        ("INVOICE # 77/2024", "77/2024"),
        ("Rechnung Nr. RE 2024 0017 vom 3. Mai 2024", "RE 2024 0017"),
        ("Handelsrechnung (380) Nr. 471102 vom 05.03.2018", "471102"),
        ("Rechnung des Versicherers (575) Nr. 01.234.567.8-2018-1 vom 06.12.2018", "01.234.567.8-2018-1"),
        ("Facture n°562044387 du 02 Juillet 2015", "562044387"),
        ("Factuurnummer: 20260213", "20260213"),
        ("Customer number: C1  \nInvoice number\n9003063080", "9003063080"),
        (
            "Klant         Order        Factuur datum   Factuur\n"
            "SC03          SC77         8-9-2022        VF1005193039",
            "VF1005193039",
        ),
    ],
)
def test_the_number_stands_beside_or_below_its_label(paper: Paper, text: str, number: str) -> None:
    """Labels of four languages, glued, bracketed or over a column, lead to the number."""
    assert read_pages(paper(text)).number == number


@pytest.mark.parametrize(
    "text",
    [
        "Customer No: 4711",
        "VAT Reg No: GB 123 4567 89",
        "Tel: 01632 960 991",
        "Order No: 12345",
        "Invoice date: 03/04/2024",
    ],
)
def test_other_numbers_are_not_the_document_s(paper: Paper, text: str) -> None:
    """What another label names is not taken for the document's number."""
    assert read_pages(paper(f"INVOICE\n\n{text}")).number is None


def test_a_credit_note_has_its_own_number(paper: Paper) -> None:
    """On a credit note `our invoice` names the document that is credited."""
    invoice = read_pages(paper("CREDIT NOTE\nOur invoice: 40921\nCredit note No.: 40898"))
    assert (invoice.kind, invoice.number) == ("credit note", "40898")


def test_the_order_number_is_not_a_telephone_s(paper: Paper) -> None:
    """A reference below its label wins over a telephone number far to the right."""
    text = (
        "Invoice Number                 Reference                         01632 960 988\n"
        "INV-0438                       NM389665"
    )
    invoice = read_pages(paper(text))
    assert (invoice.number, invoice.order_number) == ("INV-0438", "NM389665")


def test_the_issue_date_is_neither_delivery_nor_due_date(paper: Paper) -> None:
    """Three labelled dates, three meanings."""
    text = "Delivery date: 01/03/2024\nInvoice date: 04/03/2024\nDue date: 03/04/2024\nOrder date: 01/02/2024"
    invoice = read_pages(paper(text))
    assert (str(invoice.issue_date), str(invoice.due_date)) == ("2024-03-04", "2024-04-03")


def test_a_referenced_document_s_date_loses_to_the_number_s_own_line(paper: Paper) -> None:
    """`Rechnung Nr. 1 vom ...` is the issue date even when a sentence below names another."""
    text = "Rechnung Nr. 471102 vom 05.03.2018\n\nRechnung gemäß Betriebskostenrechnung vom 21.11.2011."
    assert str(read_pages(paper(text)).issue_date) == "2018-03-05"


def test_dates_stand_below_their_labels_in_a_row_of_heads(paper: Paper) -> None:
    """A row of labels over a row of values."""
    text = "Invoice date        Order date         Payment due date\n31-OCT-2026         20-SEP-2026        14-NOV-2026"
    invoice = read_pages(paper(text))
    assert (str(invoice.issue_date), str(invoice.due_date)) == ("2026-10-31", "2026-11-14")


def test_american_dates_need_proof(paper: Paper) -> None:
    """Months come first only where a date of the document can be read no other way."""
    assert str(read_pages(paper("Invoice date: 03/04/2024")).issue_date) == "2024-04-03"
    assert str(read_pages(paper("Invoice date: 03/04/2024\nDue date: 03/25/2024")).issue_date) == "2024-03-04"


def test_the_place_and_the_reason_are_kept(paper: Paper) -> None:
    """A value's source names the page, the box, the print and why it was taken."""
    source = read_pages(paper("Invoice No.: 77123")).sources["number"]
    assert (source.page, source.source, source.text) == (1, "page", "77123")
    assert source.box == (105.0, 40.0, 130.0, 50.0)
    assert "right of “Invoice No”" in source.support
