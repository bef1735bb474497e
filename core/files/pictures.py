"""A page of a document as a picture, with a frame round each place that is in doubt; drawn in the reader process."""

import io
from collections.abc import Sequence

import pypdfium2
from PIL import ImageDraw

from core.errors import FileUnreadable
from core.files.limits import Limits
from core.files.pdfium import open_pdf

Box = tuple[float, float, float, float]  # x0, top, x1, bottom in points

SCALE = 1.5  # pixels for each point
LARGEST = 2400  # points a side; a larger page is drawn smaller
_FRAME = (200, 30, 30)
_MARGIN = 3  # points round the words


def page_picture(data: bytes, page: int, boxes: Sequence[Box], limits: Limits) -> bytes:
    """Return a page (from 1) as PNG, framed at the boxes; raise FileUnreadable as reading does."""
    with open_pdf(data, limits):
        pass  # the limits on pages and the reasons for refusing are those of reading
    pdf = pypdfium2.PdfDocument(data)
    try:
        if not 1 <= page <= len(pdf):
            raise FileUnreadable("FILE_DAMAGED", f"There is no page {page}; the file has {len(pdf)}.", permanent=True)
        drawn = pdf[page - 1]
        scale = SCALE * min(1.0, LARGEST / max(drawn.get_size()))
        picture = drawn.render(scale=scale).to_pil().convert("RGB")
    finally:
        pdf.close()
    frames = ImageDraw.Draw(picture)
    for x0, top, x1, bottom in boxes:
        corners = (x0 - _MARGIN, top - _MARGIN, x1 + _MARGIN, bottom + _MARGIN)
        frames.rectangle([corner * scale for corner in corners], outline=_FRAME, width=2)
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()
