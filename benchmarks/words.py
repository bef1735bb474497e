"""Words per second against pdfplumber, in one run, in computing time; the bar is fifteen times.

It reads the public invoices beside the project when they are there (or those in the folder given), else documents it
makes itself.
"""

import hashlib
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pdfplumber

from benchmarks import Bars
from core.files import Reader, open_document
from core.files.words import page_texts
from core.model.documents import DocumentText

BAR = 15.0
ROUNDS = 5  # of ours, averaged: one is over too soon to be measured well
CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpora" / "invoices"


def main() -> int:
    """Measure and print; 1 when the bar is missed."""
    bars = Bars()
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else CORPUS
    with tempfile.TemporaryDirectory() as made:
        paths = sorted(folder.glob("*.pdf")) or make_documents(Path(made), 40)
        source = str(folder) if paths[0].parent == folder else "documents made here"
        print(f"{len(paths)} documents from {source}")
        ratio = compare([path.read_bytes() for path in paths])
        measure_reader(paths)
        bars.at_least("words: speed against pdfplumber, in computing time", ratio, BAR, "times")
    return bars.code


def compare(documents: list[bytes]) -> float:
    """Print both speeds and how far the words agree; return the ratio."""
    warm_up(documents[0])
    ours, theirs = [], []
    our_seconds = their_seconds = 0.0
    for _ in range(ROUNDS):
        ours.clear()
        for data in documents:
            words, seconds = timed(our_words, data)
            ours.append(words)
            our_seconds += seconds / ROUNDS
    for data in documents:
        words, seconds = timed(pdfplumber_words, data)
        theirs.append(words)
        their_seconds += seconds
    count = sum(sum(words.values()) for words in ours)
    their_count = sum(sum(words.values()) for words in theirs)
    ratio = their_seconds / our_seconds
    print(f"core.files   {our_seconds:7.2f} s  {count / our_seconds:9,.0f} words/s")
    print(f"pdfplumber   {their_seconds:7.2f} s  {their_count / their_seconds:9,.0f} words/s")
    scores = sorted(agreement(mine, other) for mine, other in zip(ours, theirs, strict=True))
    print(f"agreement on words (F1): mean {sum(scores) / len(scores):.3f}, median {scores[len(scores) // 2]:.3f}")
    return ratio


def timed(read: Callable[[bytes], list[str]], data: bytes) -> tuple[Counter[str], float]:
    """Return the words of a document and the computing time in seconds."""
    start = time.process_time()
    found = read(data)
    return Counter(found), time.process_time() - start


def our_words(data: bytes) -> list[str]:
    """Read words and boxes with our own layer."""
    return [word.text for page in page_texts(data) for word in page.words]


def pdfplumber_words(data: bytes) -> list[str]:
    """Read words and boxes with pdfplumber, gaps judged by size as ours are."""
    with pdfplumber.open(BytesIO(data)) as pdf:
        return [word["text"] for page in pdf.pages for word in page.extract_words(x_tolerance_ratio=0.15)]


def warm_up(data: bytes) -> None:
    """Load both libraries, so that no import is measured."""
    our_words(data)
    pdfplumber_words(data)


def agreement(mine: Counter[str], other: Counter[str]) -> float:
    """Return the F1 of two bags of words; 1 when both are empty."""
    total = sum(mine.values()) + sum(other.values())
    return 2 * sum((mine & other).values()) / total if total else 1.0


def measure_reader(paths: list[Path]) -> None:
    """Print what the child process adds: its start, and the passing of words between processes."""
    with Reader() as reader:
        start = time.perf_counter()
        first = open_document(paths[0], reader).text()
        print(f"first document, start of the process included: {(time.perf_counter() - start) * 1000:.0f} ms")
        own, wall = time.process_time(), time.perf_counter()
        texts = [open_document(path, reader).text() for path in paths]
        own, wall = time.process_time() - own, time.perf_counter() - wall
        memory = Path(f"/proc/{reader.pid}/status").read_text()
    peak = next(int(row.split()[1]) for row in memory.splitlines() if row.startswith("VmHWM")) / 1024
    print(f"through the reader process: {wall / len(paths) * 1000:.1f} ms a document on the clock,")
    print(f"  of it {own / len(paths) * 1000:.2f} ms computing outside the child; child's highest memory {peak:.0f} MB")
    print(f"words as one digest: {digest([first, *texts])}")


def digest(texts: list[DocumentText]) -> str:
    """Return one short digest over all words and boxes, to see at a glance that a change changed nothing."""
    written = repr([[page.words for page in text.pages] for text in texts])
    return hashlib.sha256(written.encode()).hexdigest()[:12]


def make_documents(folder: Path, count: int) -> list[Path]:
    """Write invoices of a plain kind, two pages each."""
    paths = []
    for number in range(count):
        path = folder / f"invoice-{number:03}.pdf"
        path.write_bytes(one_document(number))
        paths.append(path)
    return paths


def one_document(number: int) -> bytes:
    """Return a two-page PDF with some 400 words in small print."""
    rows = [
        f"BT /F1 8 Tf 1 0 0 1 {40 + 130 * column} {800 - 14 * row} Tm (Item {number}-{row} net {row * 7}.50) Tj ET"
        for row in range(50)
        for column in range(4)
    ]
    content = "\n".join(rows).encode()
    stream = f"<< /Length {len(content)} >>\nstream\n".encode() + content + b"\nendstream"
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
    page += b"/Resources << /Font << /F1 3 0 R >> >> >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count 2 /Kids [5 0 R 6 0 R] >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        stream,
        page,
        page,
    ]
    out = bytearray(b"%PDF-1.7\n")
    places = []
    for index, body in enumerate(objects, 1):
        places.append(len(out))
        out += f"{index} 0 obj\n".encode() + body + b"\nendobj\n"
    table = b"".join(f"{place:010} 00000 n \n".encode() for place in places)
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode() + table
    out += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(out)


if __name__ == "__main__":
    sys.exit(main())
