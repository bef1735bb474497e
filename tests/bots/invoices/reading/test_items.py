"""Lines of goods by what stands under each head."""

from collections.abc import Callable
from decimal import Decimal as D

from bots.invoices.reading import read_pages
from understudy import DocumentText

Paper = Callable[..., DocumentText]

TABLE = """
Description                          Qty    Unit price    VAT %      Amount
Copier paper A4, box of 50             4         8.90        20       35.60
Toner, black                           1        71.25        20       71.25
  high yield
                                              Subtotal              £106.85
                                              VAT 20%                £21.37
                                              Total                 £128.22
"""


def test_every_value_stands_under_its_head(paper: Paper) -> None:
    """Quantity, price, rate and amount are read by their columns, words that follow belong to the line above."""
    first, second = read_pages(paper(TABLE)).lines
    assert (first.quantity, first.unit_price, first.vat_rate, first.net) == (D(4), D("8.90"), D(20), D("35.60"))
    assert first.description == "Copier paper A4, box of 50"
    assert second.description == "Toner, black high yield"
    assert second.page == 1
    assert second.box is not None


def test_totals_end_the_table(paper: Paper) -> None:
    """Sums are no lines, whether their label is known or only their value tells."""
    assert len(read_pages(paper(TABLE)).lines) == 2
    assert len(read_pages(paper(TABLE.replace("Subtotal", "Fares   "))).lines) == 2


def test_a_table_goes_on_over_the_page(paper: Paper) -> None:
    """Sums carried forward are no lines, and the second page's head is no new table."""
    head = "Description                Qty     Price      Amount\n"
    first = (
        head
        + "Desk diary                   2      6.45       12.90\nCarried forward                                12.90"
    )
    second = (
        head
        + "Brought forward                                12.90\nToner                        1     71.25       71.25\n"
    )
    invoice = read_pages(paper(first, second + "                           Total net           84.15"))
    assert [(line.description, line.net, line.page) for line in invoice.lines] == [
        ("Desk diary", D("12.90"), 1),
        ("Toner", D("71.25"), 2),
    ]


def test_an_unknown_first_head_is_the_description(paper: Paper) -> None:
    """Whatever the supplier calls the goods, the words under it describe them."""
    text = (
        "Assignment                 Hours     Rate     Charge\nMedical secretary             41    17.85     731.85\n"
    )
    [line] = read_pages(paper(text)).lines
    assert (line.description, line.quantity, line.net) == ("Medical secretary", D(41), D("731.85"))


def test_a_credit_note_s_lines_are_negative(paper: Paper) -> None:
    """Lines printed without a sign follow the document's."""
    [first, _] = read_pages(paper("CREDIT NOTE\n" + TABLE)).lines
    assert (first.quantity, first.unit_price, first.net) == (D(-4), D("8.90"), D("-35.60"))


def test_prices_with_tax_are_noted(paper: Paper) -> None:
    """Lines that add up to the gross amount carry their tax."""
    text = """
Artikel             Aantal     Prijs per stuk    Prijs incl. BTW
Tablet                   1           € 121,00           € 121,00
                               Exclusief BTW            € 100,00
                               BTW 21%                   € 21,00
                               Totaal                   € 121,00
"""
    invoice = read_pages(paper(text))
    assert (invoice.net, invoice.gross, invoice.prices_include_tax) == (D(100), D(121), True)


def test_a_row_of_reference_heads_is_no_table(paper: Paper) -> None:
    """Invoice number, account number and total due over their values are not goods."""
    text = (
        "Invoice number       Customer account number      Total amount due\n"
        "386671949            77582825                     £239.52"
    )
    assert read_pages(paper(text)).lines == ()
