"""Words and boxes from hand-written PDFs."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import FileUnreadable
from core.files.limits import Limits
from core.files.words import document_text, page_texts
from core.model.documents import Word
from tests.core.files.pdfs import line, pdf


def texts(data: bytes) -> list[str]:
    """Return the words of the first page."""
    return [word.text for word in page_texts(data)[0].words]


def test_words_end_at_spaces() -> None:
    """A space ends a word, whatever surrounds it."""
    assert texts(pdf(line("Invoice no. 4711", 50, 700))) == ["Invoice", "no.", "4711"]


def test_boxes_count_from_the_top_left() -> None:
    """A word's box is in points from the page's top left corner, downwards."""
    (word,) = page_texts(pdf(line("Total", 50, 700)))[0].words
    assert word.x0 == pytest.approx(50, abs=0.5)
    assert word.top < 842 - 700 < word.bottom
    assert word.bottom - word.top == pytest.approx(11.7, abs=1.5)
    assert 70 < word.x1 < 75


def test_wide_gap_without_a_space_ends_a_word() -> None:
    """Two columns printed without a space between them stay two words."""
    content = b"BT /F1 10 Tf 1 0 0 1 50 700 Tm [(Net) -900 (100.00)] TJ ET"
    assert texts(pdf(content)) == ["Net", "100.00"]


def test_kerning_does_not_end_a_word() -> None:
    """Letters moved a little against each other stay one word."""
    assert texts(pdf(b"BT /F1 10 Tf 1 0 0 1 50 700 Tm [(V) 70 (A) 80 (T) -120 (No)] TJ ET")) == ["VATNo"]


def test_reading_order_is_by_line_then_from_left_to_right() -> None:
    """Words drawn in any order come back line by line."""
    drawn = line("right", 300, 700) + line("below", 50, 680) + line("left", 50, 700) + line("top", 50, 800)
    assert texts(pdf(drawn)) == ["top", "left", "right", "below"]


def test_small_print_beside_large_print_shares_its_line() -> None:
    """Words of different size on one baseline are one line."""
    drawn = line("note", 200, 700, size=7) + line("Invoice", 50, 700, size=14) + line("next", 50, 685, size=7)
    assert texts(pdf(drawn)) == ["Invoice", "note", "next"]


@pytest.mark.parametrize(
    ("rotate", "matrix"),
    [
        (90, "0 1 -1 0 {y} {x}"),
        (180, "-1 0 0 -1 {rx} {y}"),
        (270, "0 -1 1 0 {ry} {rx}"),
    ],
)
def test_rotated_pages_read_upright(rotate: int, matrix: str) -> None:
    """A page shown rotated gives words and boxes as a person sees them."""
    wide, tall = (842, 595) if rotate in (90, 270) else (595, 842)
    x, top = 50, 100  # where a person sees the baseline start
    first = {"y": top, "x": x, "rx": 595 - x, "ry": 0}
    if rotate == 270:
        first = {"x": 0, "y": 0, "ry": 595 - top, "rx": 842 - x}
    drawn = f"BT /F1 10 Tf {matrix.format(**first)} Tm (Total 12.50) Tj ET".encode()
    page = page_texts(pdf(drawn, rotate=rotate))[0]
    assert (page.width, page.height) == (wide, tall)
    assert [word.text for word in page.words] == ["Total", "12.50"]
    assert page.words[0].x0 == pytest.approx(x, abs=1)
    assert page.words[0].top < top < page.words[0].bottom


def test_a_cropped_page_counts_from_its_visible_corner() -> None:
    """Boxes are measured from the part of the page that is shown."""
    page = page_texts(pdf(line("Total", 150, 700), media=(0, 0, 595, 842), crop=(100, 100, 500, 800)))[0]
    assert (page.width, page.height) == (400, 700)
    assert page.words[0].x0 == pytest.approx(50, abs=0.5)
    assert page.words[0].top < 100 < page.words[0].bottom


def test_a_page_without_text_has_no_words() -> None:
    """A scanned-looking page is no error: it has no words and nothing garbled."""
    found = document_text(pdf(b"0 0 100 100 re f"))
    assert found.pages[0].words == ()
    assert found.garbled == 0.0


def test_text_without_a_meaning_is_counted_as_garbled() -> None:
    """A font that does not say what its glyphs mean makes the text garbled."""
    font = (
        "/Type /Font /Subtype /Type0 /BaseFont /Nameless /Encoding /Identity-H /DescendantFonts [<< /Type /Font "
        "/Subtype /CIDFontType2 /BaseFont /Nameless /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) "
        "/Supplement 0 >> /DW 600 >>]"
    )
    drawn = b"BT /F1 10 Tf 1 0 0 1 50 700 Tm <0003001500160017E001E002> Tj ET"
    assert document_text(pdf(drawn, font=font)).garbled > 0.5


def test_plain_text_is_not_garbled() -> None:
    """Ordinary text, signs and umlauts included, has a meaning throughout."""
    assert document_text(pdf(line("\xa3 12.50 M\xfcller & S\xf6hne", 50, 700))).garbled == 0.0


def test_limits_are_refused_with_a_reason() -> None:
    """Too many characters on a page, in a document, or objects on a page are refused, not cut."""
    data = pdf(line("abcdefghij", 50, 700), line("abcdefghij", 50, 700))
    for limits in (Limits(characters=9), Limits(document_characters=15), Limits(objects=0)):
        with pytest.raises(FileUnreadable) as caught:
            document_text(data, limits=limits)
        assert caught.value.code == "FILE_TOO_COSTLY"
        assert caught.value.permanent


@settings(deadline=None)
@given(st.lists(st.text("ABCxyz0189.,-/", min_size=1, max_size=12), min_size=1, max_size=8))
def test_printed_words_come_back(words: list[str]) -> None:
    """Whatever words are printed in a row, the same words are read in the same order, inside the page."""
    x, drawn = 20.0, b""
    for word in words:
        drawn += line(word, x, 700, size=6)
        x += 6 * len(word) * 0.8 + 8
    found = page_texts(pdf(drawn, media=(0, 0, 900, 842)))[0].words
    assert [word.text for word in found] == words
    assert all(inside(word) for word in found)


def inside(word: Word) -> bool:
    """Whether a word's box is a box, on the page."""
    return 0 <= word.x0 < word.x1 <= 900 and 0 <= word.top < word.bottom <= 842
