"""Lines, cells and labels from words' boxes."""

from collections.abc import Callable

from bots.invoices.reading.facts import gather
from bots.invoices.reading.layout import lay_out, letters
from understudy import DocumentText, PageText, Word

Paper = Callable[..., DocumentText]


def test_wide_gaps_part_a_line_into_cells(paper: Paper) -> None:
    """Words close together are one cell, a wide gap begins another."""
    [line] = lay_out(paper("Invoice No.        Account number").pages).lines
    assert [line.words(cell.first, cell.last) for cell in line.cells] == ["Invoice No.", "Account number"]


def test_words_a_little_higher_are_on_the_same_line() -> None:
    """A baseline that wanders by a point does not break a line."""
    words = (Word("Total", 10, 100, 40, 110), Word("12.00", 60, 101.5, 90, 111.5))
    assert len(lay_out([PageText(1, 595, 842, words)]).lines) == 1


def test_a_label_and_its_value_in_one_word_are_parted(paper: Paper) -> None:
    """`Kundennummer:2` is a label and a value; a web address and a time stay whole."""
    [line] = lay_out(paper("Kundennummer:2 n°562044387 http://a.example 10:35").pages).lines
    assert [token.text for token in line.tokens] == [
        "Kundennummer:",
        "2",
        "n°",
        "562044387",
        "http://a.example",
        "10:35",
    ]


def test_letters_forget_case_accents_and_signs() -> None:
    """`N° TVA`, `no tva` and `NO. TVA` are one phrase."""
    assert letters("N° TVA") == letters("no.tva") == "notva"
    assert letters("Straße") == letters("STRASSE")


def test_the_longest_label_is_taken(paper: Paper) -> None:
    """A delivery's date is never the issue date, and spaced letters are read as a word."""
    facts = gather(paper("Date of delivery: 1", "I N V O I C E   N O : 77").pages)
    assert [(hit.field, hit.strength) for hit in facts.labels] == [("not_date", 3), ("number", 3)]


def test_cells_below_are_found_nearest_first(paper: Paper) -> None:
    """Below a stretch of a line come the cells that it overlaps, down to a distance."""
    layout = lay_out(paper("Number        Date\n77            1 May 2024\n88").pages)
    first = layout.lines[0]
    below = [
        line.words(cell.first, cell.last)
        for line, cell in layout.below(first, first.cells[0].x0, first.cells[0].x1, within=20)
    ]
    assert below == ["77", "88"]
