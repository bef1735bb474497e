"""Who sent the document: never we ourselves."""

from collections.abc import Callable

from bots.invoices.reading import read_pages
from understudy import DocumentText

Paper = Callable[..., DocumentText]
OURS = ("Northmoor Health Board",)


def test_our_own_name_is_never_the_supplier(paper: Paper) -> None:
    """Even alone, in capitals or with an addition, our name is the buyer's."""
    for ours in ("Northmoor Health Board", "NORTHMOOR HEALTH BOARD", "Northmoor Health Board Accounts"):
        assert read_pages(paper(f"{ours}\nFellgate House\nNM4 2QT"), own_names=OURS).supplier is None


def test_the_name_under_bill_to_is_the_buyer(paper: Paper) -> None:
    """The block under the buyer's heading is not the supplier, a legal form or not."""
    text = "Ropeway Tools Ltd\n5 Mill Lane\nHK1 1AA\n\nBill to:\nGreat Customer Ltd\n1 High Street\nNM1 2AB"
    invoice = read_pages(paper(text))
    assert (invoice.supplier, invoice.buyer) == ("Ropeway Tools Ltd", "Great Customer Ltd")


def test_the_sender_s_line_names_the_supplier(paper: Paper) -> None:
    """The small line over the address window: name, street and town with signs between."""
    text = "Bei Spiel GmbH ● Ecke 12 ● 12345 Stadthausen\n\nTheodor Est\nBahnstr. 42\n88802 Spielkreis"
    assert read_pages(paper(text)).supplier == "Bei Spiel GmbH"


def test_a_heading_names_the_supplier(paper: Paper) -> None:
    """`Verkäufer` with rows of labels: the name is what stands beside `Name:`."""
    text = "Verkäufer\nNummer:           549910\nName:             Lieferant GmbH\nAnschrift:        Musterweg 20"
    assert read_pages(paper(text)).supplier == "Lieferant GmbH"


def test_a_logo_speaks_for_the_full_name(paper: Paper) -> None:
    """A trade name at the top and the legal name in the footer are one supplier: the legal name."""
    footer = "Skerrow Foodservice Ltd. Registered in England 86207141."
    text = "SKERROW\nCold Store 4, Fish Quay\nSK3 3DB\n" + "\n" * 20 + footer
    assert read_pages(paper(text)).supplier == "Skerrow Foodservice Ltd"


def test_a_sentence_around_the_name_is_cut_away(paper: Paper) -> None:
    """Bank transfers, capital and registration around a legal name are no part of it."""
    for text in (
        "Bank transfer: Skerrow Foodservice Ltd, sort code 70-73-14",
        "Skerrow Foodservice Ltd au capital de 50 000 € – SIREN 1",
    ):
        assert read_pages(paper(text)).supplier == "Skerrow Foodservice Ltd"


def test_opening_hours_are_no_company(paper: Paper) -> None:
    """Two letters are a legal form in capitals only."""
    assert read_pages(paper("Mo-Fr 8.00-20.00 Uhr, Sa 8.00-14.00 Uhr")).supplier is None


def test_the_vat_number_is_the_supplier_s(paper: Paper) -> None:
    """The customer's and our own number are left aside."""
    text = "Skerrow Ltd\nYour VAT number: GB 654 9732 43\nVAT Reg. No. 102 2842 61"
    assert read_pages(paper(text)).vat_id == "GB102284261"
    both = "VAT GB 654 9732 43\nSkerrow Ltd VAT no. GB 102 2842 61"
    assert read_pages(paper(both), own_vat_ids=("GB654973243",)).vat_id == "GB102284261"


def test_a_vat_number_goes_on_in_the_next_line(paper: Paper) -> None:
    """A footer's line break inside the number does not hide it."""
    text = "Corrigan Holt plc. VAT registration no. GB 918\n4007 75. www.corrigan.example"
    assert read_pages(paper(text)).vat_id == "GB918400775"


def test_a_failed_check_digit_is_a_soft_sign(paper: Paper) -> None:
    """The number is read and flagged, not dropped."""
    invoice = read_pages(paper("VAT Reg No GB 123 4567 80\nIBAN DE12 1234 5678 9012 3456 78"))
    assert (invoice.vat_id, invoice.vat_id_valid) == ("GB123456780", False)
    assert (invoice.iban, invoice.iban_valid) == ("DE12123456789012345678", False)


def test_sort_code_and_account_belong_together(paper: Paper) -> None:
    """A customer's account number is not the bank's."""
    text = "Account number: 77582825\n\n\n\n\n\n\nSort code: 66 80 83\nAccount number: 92469731"
    invoice = read_pages(paper(text))
    assert (invoice.sort_code, invoice.account_number) == ("66-80-83", "92469731")
    assert read_pages(paper("Account number: 296664039561")).account_number is None


def test_a_masked_iban_is_none(paper: Paper) -> None:
    """Stars are no account."""
    assert read_pages(paper("IBAN: FR76 ***************************")).iban is None
