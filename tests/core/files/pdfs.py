"""PDFs written by hand for the tests: small ones that say something, and those made to do harm."""

import zlib
from collections.abc import Sequence
from pathlib import Path

A4 = (0, 0, 595, 842)


def line(text: str, x: float, y: float, *, size: float = 10) -> bytes:
    """Draw one line of text; points from the page's bottom left corner."""
    return f"BT /F1 {size} Tf 1 0 0 1 {x} {y} Tm ({text}) Tj ET\n".encode("latin-1")


def pdf(
    *contents: bytes,
    media: Sequence[float] = A4,
    crop: Sequence[float] | None = None,
    rotate: int = 0,
    attachments: Sequence[tuple[str, bytes]] = (),
    font: str = "/Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding",
    filters: str = "",
    trailer: str = "",
    extra: Sequence[bytes] = (),
) -> bytes:
    """Return a PDF with one page for each content stream; `filters` names how the streams are packed already."""
    pages = [4 + 2 * index for index in range(len(contents))]
    files = [4 + 2 * len(contents) + 2 * index for index in range(len(attachments))]
    spelled = [f"<feff{name.encode('utf-16-be').hex()}>" for name, _ in attachments]
    names = " ".join(f"{name} {number} 0 R" for name, number in zip(spelled, files, strict=True))
    box = f"/MediaBox [{' '.join(map(str, media))}]" + (f" /CropBox [{' '.join(map(str, crop))}]" if crop else "")
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R /Names << /EmbeddedFiles << /Names [{names}] >> >> >>".encode(),
        f"<< /Type /Pages /Count {len(pages)} /Kids [{' '.join(f'{page} 0 R' for page in pages)}] >>".encode(),
        f"<< {font} >>".encode(),
    ]
    for number, content in zip(pages, contents, strict=True):
        objects.append(
            f"<< /Type /Page /Parent 2 0 R {box} /Rotate {rotate} /Contents {number + 1} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>".encode()
        )
        objects.append(stream(content, filters))
    for name, (_, data), number in zip(spelled, attachments, files, strict=True):
        objects.append(f"<< /Type /Filespec /F {name} /UF {name} /EF << /F {number + 1} 0 R >> >>".encode())
        objects.append(stream(zlib.compress(data), "/FlateDecode"))
    return written([*objects, *extra], trailer)


def stream(data: bytes, filters: str = "") -> bytes:
    """Return a stream object's body."""
    packed = f" /Filter [{filters}]" if filters else ""
    return f"<< /Length {len(data)}{packed} >>\nstream\n".encode() + data + b"\nendstream"


def written(objects: Sequence[bytes], trailer: str = "") -> bytes:
    """Number the objects and add the cross-reference table."""
    out = bytearray(b"%PDF-1.7\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{place:010} 00000 n \n".encode() for place in places)
    out += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R {trailer} >>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(out)


def encrypted() -> bytes:
    """Return a PDF locked with a password nobody knows."""
    lock = f"<< /Filter /Standard /V 1 /R 2 /P -4 /O <{'11' * 32}> /U <{'22' * 32}> >>".encode()
    return pdf(line("secret", 50, 700), trailer=f"/Encrypt 6 0 R /ID [<{'33' * 16}> <{'33' * 16}>]", extra=[lock])


def many_pages(count: int) -> bytes:
    """Return a PDF of many pages with a word on each."""
    return pdf(*(line(f"page{number}", 50, 700) for number in range(1, count + 1)))


def many_characters() -> bytes:
    """Return 33 kB that unpack to one page of ten million characters."""
    content = b"BT /F1 1 Tf\n" + (b"(" + b"a" * 1000 + b") Tj\n") * 10_000 + b"ET"
    return pdf(zlib.compress(content, 9), filters="/FlateDecode")


def many_rectangles(count: int = 400_000) -> bytes:
    """Return 12 kB that draw many rectangles on one page."""
    return pdf(zlib.compress(b"1 1 9 9 re f\n" * count, 9), filters="/FlateDecode")


def double_packed(size: int = 1_000_000_000) -> bytes:
    """Return a few kB whose page unpacks, twice, to a gigabyte."""
    return pdf(zlib.compress(blanks(size), 9), filters="/FlateDecode /FlateDecode")


def blanks(size: int) -> bytes:
    """Pack `size` blanks without ever holding them: one packed megabyte, repeated."""
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS)
    start = packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(b" " * 1_000_000) + packer.flush(zlib.Z_FULL_FLUSH)
    return start + block * (size // 1_000_000) + packer.flush()


def saved(folder: Path, name: str, data: bytes) -> Path:
    """Write a file and return its path."""
    path = folder / name
    path.write_bytes(data)
    return path
