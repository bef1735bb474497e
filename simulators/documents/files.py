"""What happens to a printed PDF before it reaches the inbox: joined, scanned, spoilt, locked or cut short."""

from __future__ import annotations

import hashlib
import io
import re
import zlib
from collections.abc import Sequence
from random import Random

from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    ByteStringObject,
    DecodedStreamObject,
    DictionaryObject,
    EncodedStreamObject,
    NameObject,
)

_WIDTH, _HEIGHT = 1240, 1754  # A4 at 150 dots an inch


def joined(parts: Sequence[bytes]) -> bytes:
    """Put several PDFs into one."""
    writer = PdfWriter()
    for part in parts:
        writer.append(io.BytesIO(part))
    return _written(writer)


def _written(writer: PdfWriter) -> bytes:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def scanned(pdf: bytes, *, noise: int) -> bytes:
    """Return pictures of the pages, a little crooked, grey and speckled, without a text layer."""
    import pypdfium2

    source = Random(noise)
    with pypdfium2.PdfDocument(pdf) as opened:
        pages = [_photographed(page.render(scale=150 / 72).to_pil(), source) for page in opened]
    return _pictures(pages)


def _photographed(page: Image.Image, source: Random) -> Image.Image:
    grey = page.convert("L").resize((_WIDTH, _HEIGHT))
    turned = grey.rotate(source.uniform(-1.3, 1.3), resample=Image.Resampling.BICUBIC, fillcolor=238)
    specks = Image.frombytes("L", (_WIDTH // 2, _HEIGHT // 2), source.randbytes(_WIDTH // 2 * (_HEIGHT // 2)))
    return Image.blend(turned, specks.resize((_WIDTH, _HEIGHT)), 0.09)


def _pictures(pages: Sequence[Image.Image]) -> bytes:
    """Write one JPEG a page; by hand, so that the same pictures give the same bytes."""
    objects: list[bytes] = [b"<</Type/Catalog/Pages 2 0 R>>", b""]
    kids = []
    for page in pages:
        packed = io.BytesIO()
        page.save(packed, "JPEG", quality=55)
        first = len(objects) + 1
        kids.append(b"%d 0 R" % first)
        content = b"q 595 0 0 842 0 0 cm /Im Do Q"
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]"
            b"/Resources<</XObject<</Im %d 0 R>>>>/Contents %d 0 R>>" % (first + 1, first + 2)
        )
        objects.append(
            b"<</Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray/BitsPerComponent 8"
            b"/Filter/DCTDecode/Length %d>>stream\n%b\nendstream"
            % (page.width, page.height, packed.tell(), packed.getvalue())
        )
        objects.append(b"<</Length %d>>stream\n%b\nendstream" % (len(content), content))
    objects[1] = b"<</Type/Pages/Count %d/Kids[%b]>>" % (len(kids), b" ".join(kids))
    return _assembled(objects)


def blank_pages(count: int) -> bytes:
    """Return a small file of `count` blank pages."""
    pages = [b"<</Type/Page/Parent 2 0 R>>"] * count
    kids = b" ".join(b"%d 0 R" % number for number in range(3, count + 3))
    tree = b"<</Type/Pages/MediaBox[0 0 595 842]/Resources<<>>/Count %d/Kids[%b]>>" % (count, kids)
    return _assembled([b"<</Type/Catalog/Pages 2 0 R>>", tree, *pages])


def _assembled(objects: Sequence[bytes]) -> bytes:
    out = io.BytesIO()
    out.write(b"%PDF-1.4\n")
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%b\nendobj\n" % (number, body))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1))
    out.write(b"".join(b"%010d 00000 n \n" % place for place in places))
    out.write(b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(places) + 1, start))
    return out.getvalue()


def garbled(pdf: bytes) -> bytes:
    """Return the same pages with every font's mapping to text pointed at private-use characters."""
    writer = PdfWriter(clone_from=io.BytesIO(pdf))
    for page in writer.pages:
        fonts = page["/Resources"].get_object().get("/Font", DictionaryObject()).get_object()
        for font in fonts.values():
            _garble(font.get_object(), writer)
    return _written(writer)


def _garble(font: DictionaryObject, writer: PdfWriter) -> None:
    if "/ToUnicode" not in font:
        return
    text = font["/ToUnicode"].get_object().get_data()
    stream = DecodedStreamObject()
    stream.set_data(re.sub(rb"beginbf(?:char|range)\n.*?endbf(?:char|range)", _to_private_use, text, flags=re.S))
    font[NameObject("/ToUnicode")] = writer._add_object(stream.flate_encode())


def _to_private_use(found: re.Match[bytes]) -> bytes:
    """Move the last code of each row of a mapping into the private-use area."""
    return re.sub(
        rb"<([0-9A-Fa-f]{4})>\n",
        lambda row: b"<%04X>\n" % (0xE000 + int(row.group(1), 16) % 0x1800),
        found.group(),
    )


def locked(pdf: bytes) -> bytes:
    """Return the file encrypted, with a password to open it."""
    writer = PdfWriter(clone_from=io.BytesIO(pdf))
    mark = ByteStringObject(hashlib.sha256(pdf).digest()[:16])
    writer._ID = ArrayObject([mark, mark])  # the key follows from the first; drawn by chance otherwise
    writer.encrypt("northmoor", algorithm="RC4-128")
    writer._ID = ArrayObject([mark, mark])
    return _written(writer)


def cut_short(pdf: bytes) -> bytes:
    """Return the first half, as a broken upload leaves it: no table of contents, no trailer."""
    return pdf[: len(pdf) // 2]


def not_a_pdf() -> bytes:
    """Return a spreadsheet's beginnings, as when somebody renames a file."""
    packed = zlib.compress(b"Please find our invoice in the attached workbook." * 20)
    return b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00!\x00[Content_Types].xml" + packed


def bomb(pdf: bytes, *, megabytes: int = 400) -> bytes:
    """Return the file with a further page: a few kilobytes that unpack, twice over, to `megabytes`."""
    packer = zlib.compressobj(9)
    piece = b"BT (pay) Tj ET\n" * 70_000  # about a megabyte
    once = b"".join(packer.compress(piece) for _ in range(megabytes)) + packer.flush()
    writer = PdfWriter(clone_from=io.BytesIO(pdf))
    stream = EncodedStreamObject()
    stream._data = zlib.compress(once, 9)
    stream[NameObject("/Filter")] = ArrayObject([NameObject("/FlateDecode"), NameObject("/FlateDecode")])
    page = writer.add_blank_page(595, 842)
    page[NameObject("/Contents")] = writer._add_object(stream)
    return _written(writer)


def attached(pdf: bytes, *, name: str, content: bytes) -> bytes:
    """Return the file with an attachment of the given name, whatever that is."""
    writer = PdfWriter(clone_from=io.BytesIO(pdf))
    writer.add_attachment(name, content)
    return _written(writer)


def page_count(pdf: bytes) -> int:
    """Count the pages."""
    return len(PdfReader(io.BytesIO(pdf)).pages)
