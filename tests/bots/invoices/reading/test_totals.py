"""Net, tax and gross among rival amounts."""

from collections.abc import Callable
from decimal import Decimal as D

import pytest

from bots.invoices.reading import read_pages
from understudy import DocumentText

Paper = Callable[..., DocumentText]


def totals(text: DocumentText) -> tuple[D | None, D | None, D | None]:
    """Net, tax and gross as read."""
    invoice = read_pages(text)
    return invoice.net, invoice.tax, invoice.gross


@pytest.mark.parametrize(
    "text",
    [
        "Subtotal       £100.00\nVAT @ 20%       £20.00\nTotal          £120.00",
        "Nettobetrag:   100,00 €\nzzgl. 20% USt auf 100,00 €   20,00 €\nGesamtbetrag inkl. 20% MwSt.   120,00 €",
        "TOTAL HT     TOTAL TVA    TOTAL TTC\n100,00       20,00        120,00",
        "Totaal excl. BTW   € 100,00\nBTW 20%            € 20,00\nTe betalen         € 120,00",
        "Total excluding VAT 100.00 GBP\nVAT 20.00 GBP\nTotal including VAT 120.00 GBP\nWeight 220.00 kg 320.00",
    ],
)
def test_the_three_that_add_up_are_taken(paper: Paper, text: str) -> None:
    """Labels of four languages, beside or above, with the arithmetic deciding."""
    assert totals(paper(text)) == (D(100), D(20), D(120))


def test_a_tax_table_with_two_rates_is_not_the_whole(paper: Paper) -> None:
    """One row of the tax table adds up too; the whole document wins."""
    text = """
VAT analysis
Rate       Net       VAT      Gross               Net total    £192.00
20.00%     67.80     13.56    81.36               VAT total     £13.56
0.00%      124.20    0.00     124.20              Total due    £205.56
"""
    assert totals(paper(text)) == (D("192.00"), D("13.56"), D("205.56"))


def test_the_tax_of_two_rates_is_summed(paper: Paper) -> None:
    """No tax total is printed, only a line per rate."""
    text = (
        "Nettobetrag      5.295,82 €\n"
        "MwSt. 19 %         991,29 €\n"
        "MwSt. 7 %            5,50 €\n"
        "Gesamtbetrag     6.292,61 €"
    )
    invoice = read_pages(paper(text))
    assert (invoice.net, invoice.tax, invoice.gross) == (D("5295.82"), D("996.79"), D("6292.61"))
    assert invoice.sources["tax"].box is None


def test_a_levy_s_own_sum_is_not_the_document_s(paper: Paper) -> None:
    """Two sums add up, the one whose gross amount has the strongest label is taken."""
    text = "Goods      850.00\nLevy         8.75\nNet total  858.75\nVAT 19%    163.16\nInvoice total  1,021.91"
    assert totals(paper(text)) == (D("858.75"), D("163.16"), D("1021.91"))


def test_a_prepayment_leaves_the_rest_to_pay(paper: Paper) -> None:
    """Gross stays gross; what is left is payable."""
    text = "Net 100.00\nVAT 20% 20.00\nTotal incl. VAT 120.00\nDeposit paid -50.00\nBalance due 70.00"
    invoice = read_pages(paper(text))
    assert (invoice.gross, invoice.prepaid, invoice.payable) == (D(120), D(50), D(70))


def test_totals_in_another_currency_are_left_aside(paper: Paper) -> None:
    """The document's own currency is the one most amounts carry."""
    text = "Subtotal £100.00\nVAT 20% £20.00\nTotal £120.00\nTotal EUR (rate 1.1747) €140.96"
    invoice = read_pages(paper(text))
    assert (invoice.gross, invoice.currency) == (D(120), "GBP")


def test_no_tax_printed_is_no_tax_read(paper: Paper) -> None:
    """Without any tax the total is net and gross, and the tax is absent."""
    assert totals(paper("Total EUR    34,73")) == (D("34.73"), None, D("34.73"))


def test_the_tax_inside_a_gross_price_gives_the_net_amount(paper: Paper) -> None:
    """Only the total and the tax in it are printed, at a printed rate."""
    text = "Rechnungsbetrag inklusive 19 % MwSt.      220,00 €\ndarin enthaltene MwSt.       (35,13 €)"
    assert totals(paper(text)) == (D("184.87"), D("35.13"), D("220.00"))


def test_sums_that_do_not_add_up_are_shown_as_labelled(paper: Paper) -> None:
    """A wrong total is not argued away: a check shall see it."""
    text = "Subtotal 1,388.00\nVAT 20% 277.60\nTotal 1,755.60"
    assert totals(paper(text)) == (D("1388.00"), D("277.60"), D("1755.60"))


@pytest.mark.parametrize("shown", ["{}", "-{}", "({})", "{}-", "{} CR"])
def test_a_credit_note_is_negative_however_it_is_printed(paper: Paper, shown: str) -> None:
    """Plain, minus in front or behind, brackets and CR all mean the same on a credit note."""
    rows = ((("Net total"), "100.00"), ("VAT 20%", "20.00"), ("Total credit", "120.00"))
    body = "\n".join(f"{label}      {shown.format(value)}" for label, value in rows)
    assert totals(paper(f"CREDIT NOTE\n\nCredit note no: 17\n\n{body}")) == (D(-100), D(-20), D(-120))


def test_an_invoice_with_a_negative_total_keeps_its_sign(paper: Paper) -> None:
    """A title that says invoice over a negative total is left as printed, for a check to query."""
    invoice = read_pages(paper("INVOICE\n\nNet total -100.00\nVAT 20% -20.00\nInvoice total -120.00"))
    assert (invoice.kind, invoice.gross, invoice.net) == ("invoice", D(-120), D(-100))


def test_rivals_are_kept(paper: Paper) -> None:
    """Another amount with as good a label is shown to the reviewer."""
    text = "Subtotal 100.00\nVAT 20% 20.00\nInvoice total 120.00\nInvoice total 999.00"
    assert [rival.value for rival in read_pages(paper(text)).sources["gross"].rivals] == ["999.00"]


def test_goods_and_carriage_taxed_apart_are_summed(paper: Paper) -> None:
    """Neither the net nor the tax total is printed, only what each tax line is computed on."""
    text = (
        "Positionen netto                       804,35 €\n"
        "Versandkosten netto                      4,99 €\n"
        "Positionen USt. 19,00% auf 804,35 €    152,83 €\n"
        "Versandkosten USt. 19,00% auf 4,99 €     0,95 €\n"
        "Endsumme                               963,12 €"
    )
    assert totals(paper(text)) == (D("809.34"), D("153.78"), D("963.12"))


def test_a_page_full_of_numbers_is_soon_done(paper: Paper) -> None:
    """A hostile row of thousands of amounts costs no more than its length."""
    assert read_pages(paper("Total " + "12 " * 3000 + "\nVAT 20% " + "12.00 " * 3000)).kind == "invoice"
