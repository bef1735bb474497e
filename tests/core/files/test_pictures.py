"""Pages drawn with a frame round the places in doubt."""

import io
from collections.abc import Callable

import pytest
from PIL import Image

from core.errors import FileUnreadable
from core.files.pictures import SCALE
from core.files.reader import Reader
from core.model.documents import Document
from tests.core.files.pdfs import encrypted, line, pdf

Make = Callable[..., Document]
BOX = (100.0, 200.0, 180.0, 220.0)


def _red(picture: Image.Image, x: float, y: float) -> bool:
    """Tell whether a frame is drawn at a place given in points."""
    red, green, _ = picture.convert("RGB").getpixel((round(x * SCALE), round(y * SCALE)))  # type: ignore[misc]
    return bool(red > 150 and green < 90)


def test_a_box_is_framed_where_it_stands(reader: Reader, document: Make) -> None:
    """The frame lies three points outside the box, and nowhere else."""
    page = pdf(line("Total 12.00", 100, 600))
    picture = Image.open(io.BytesIO(reader.picture(document(page), 1, boxes=[BOX])))
    assert _red(picture, 97, 210)
    assert _red(picture, 183, 210)
    assert not _red(picture, 140, 210)
    plain = Image.open(io.BytesIO(reader.picture(document(page), 1)))
    assert not _red(plain, 97, 210)


def test_a_page_that_is_not_there_and_a_locked_file_are_refused(reader: Reader, document: Make) -> None:
    """What cannot be drawn says why, as reading does; the reader goes on."""
    page = document(pdf(line("one page", 100, 600)))
    with pytest.raises(FileUnreadable, match="no page 7"):
        reader.picture(page, 7)
    with pytest.raises(FileUnreadable, match="FILE_ENCRYPTED"):
        reader.picture(document(encrypted()), 1)
    assert reader.text(page).pages[0].words
