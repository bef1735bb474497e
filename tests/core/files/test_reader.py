"""The reader process: every bad document is an outcome, and the next one is read as if nothing had happened."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.errors import FileUnreadable
from core.files import Limits, Reader
from core.files.words import document_text
from core.model.documents import Document
from tests.core.files import pdfs

Make = Callable[..., Document]

GOOD = pdfs.pdf(pdfs.line("Invoice 4711", 50, 700), attachments=[("note.txt", b"hello")])


def refused(document: Document) -> FileUnreadable:
    """Read a document that must be refused."""
    with pytest.raises(FileUnreadable) as caught:
        document.text()
    return caught.value


def test_reading_in_the_child_gives_what_reading_here_gives(document: Make) -> None:
    """Words, boxes, page sizes, attachments and the garbled share arrive unchanged."""
    assert document(GOOD).text() == document_text(GOOD)
    assert document(GOOD).text().attachments[0].data == b"hello"


@pytest.mark.parametrize(
    ("code", "data"),
    [
        ("FILE_EMPTY", b""),
        ("FILE_NOT_PDF", b"PK\x03\x04 this is a spreadsheet"),
        ("FILE_TRUNCATED", GOOD[: len(GOOD) // 2]),
        ("FILE_TRUNCATED", GOOD[:-40]),
        ("FILE_ENCRYPTED", pdfs.encrypted()),
        ("FILE_TOO_LONG", pdfs.many_pages(2000)),
        ("FILE_TOO_COSTLY", pdfs.many_rectangles()),
        ("FILE_DAMAGED", b"%PDF-1.7\nnothing of a PDF follows\n%%EOF"),
        ("FILE_DAMAGED", pdfs.written([b"<< /Type /Catalog >>"])),
    ],
)
def test_bad_documents_are_refused_for_good_with_a_reason(document: Make, code: str, data: bytes) -> None:
    """Each kind of bad file has its code and a sentence; trying again would not help."""
    error = refused(document(data))
    assert error.code == code
    assert error.permanent
    assert error.message.endswith(".")
    assert document(GOOD).text().pages[0].words[0].text == "Invoice"


def test_a_file_over_the_size_limit_is_not_opened(document: Make) -> None:
    """The size is judged before anything is read."""
    with Reader(Limits(file_bytes=100)) as reader:
        assert refused(document(GOOD, by=reader)).code == "FILE_TOO_LARGE"
        assert reader.pid is None


def test_a_kept_copy_that_changed_is_not_read(document: Make) -> None:
    """The bytes read are the bytes taken in, or nothing is read."""
    kept = document(GOOD)
    kept.path.write_bytes(GOOD.replace(b"4711", b"4712"))
    assert refused(kept).code == "FILE_CHANGED"


def test_a_missing_copy_may_be_tried_again(document: Make) -> None:
    """A kept copy that cannot be opened is the machine's trouble, not the document's."""
    kept = document(GOOD)
    kept.path.unlink()
    error = refused(kept)
    assert (error.code, error.permanent) == ("FILE_MISSING", False)


def test_an_attachments_name_is_only_data(document: Make, tmp_path: Path) -> None:
    """A name that climbs out of folders arrives as written and touches no file."""
    name = "../../../tmp/" + "x" * 300 + "\n.xml"
    before = sorted(tmp_path.iterdir())
    found = document(pdfs.pdf(b"", attachments=[(name, b"<x/>")])).text().attachments
    assert [(item.name, item.data) for item in found] == [(name, b"<x/>")]
    assert sorted(tmp_path.iterdir()) == [*before, tmp_path / f"{len(before)}-invoice.pdf"]


def test_too_many_or_too_large_attachments_are_refused(document: Make) -> None:
    """Embedded files count against their own limits."""
    many = pdfs.pdf(b"", attachments=[(f"{number}.txt", b"x") for number in range(51)])
    assert refused(document(many)).code == "FILE_TOO_COSTLY"
    large = pdfs.pdf(b"", attachments=[("a.bin", b"\0" * 21_000_000)])
    assert refused(document(large)).code == "FILE_TOO_COSTLY"


@pytest.mark.parametrize("bomb", [pdfs.many_characters, pdfs.double_packed, pdfs.many_rectangles])
def test_bombs_end_without_eating_the_machine(document: Make, bomb: Callable[[], bytes]) -> None:
    """A small file that unpacks to gigabytes is refused, and the reader stays under 500 MB."""
    with Reader() as reader:
        harmful = document(bomb(), by=reader)
        with highest_memory(reader, document(GOOD, by=reader)) as seen:
            assert refused(harmful).code == "FILE_TOO_COSTLY"
        assert 20_000_000 < max(seen) < 500_000_000
        assert document(GOOD, by=reader).text().pages[0].words[1].text == "4711"


@contextmanager
def highest_memory(reader: Reader, first: Document) -> Iterator[list[int]]:
    """Start the child, then watch the highest resident memory it has had, in bytes."""
    first.text()
    seen: list[int] = []
    done = threading.Event()
    status = Path(f"/proc/{reader.pid}/status")

    def watch() -> None:
        while not done.wait(0.002):
            try:
                found = [row for row in status.read_text().splitlines() if row.startswith("VmHWM")]
            except (FileNotFoundError, ProcessLookupError):
                return
            seen.extend(int(row.split()[1]) * 1024 for row in found)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        done.set()
        watcher.join()


def test_computing_time_is_limited_for_each_document(document: Make) -> None:
    """A document that computes too long dies of it; the next has the whole time again."""
    with Reader(Limits(memory_bytes=8_000_000_000, cpu_seconds=1)) as reader:
        error = refused(document(pdfs.many_characters(), by=reader))
        assert (error.code, error.permanent) == ("FILE_TOO_COSTLY", True)
        assert "1 seconds" in error.message
        assert document(GOOD, by=reader).text().pages


def test_no_answer_in_time_is_tried_again(document: Make) -> None:
    """A reader that hangs is killed, and its document may be read later."""
    with Reader(Limits(wall_seconds=3)) as reader:
        document(GOOD, by=reader).text()
        assert reader.pid
        os.kill(reader.pid, signal.SIGSTOP)
        error = refused(document(GOOD, by=reader))
        assert (error.code, error.permanent) == ("READER_STOPPED", False)
        assert document(GOOD, by=reader).text().pages


def test_a_reader_killed_between_documents_is_replaced(document: Make) -> None:
    """Nobody notices that the child died while idle."""
    with Reader() as reader:
        document(GOOD, by=reader).text()
        first = reader.pid
        assert first
        os.kill(first, signal.SIGKILL)
        os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)
        assert document(GOOD, by=reader).text().pages
        assert reader.pid != first


def test_a_reader_killed_at_work_leaves_the_document_for_later(document: Make) -> None:
    """Killed from outside in the middle of a document, that document may be tried again."""
    with Reader(Limits(memory_bytes=8_000_000_000)) as reader:
        document(GOOD, by=reader).text()
        assert reader.pid
        killer = threading.Thread(target=kill_when_busy, args=(reader.pid,))
        killer.start()
        error = refused(document(pdfs.many_characters(), by=reader))
        killer.join()
        assert (error.code, error.permanent) == ("READER_STOPPED", False)
        assert document(GOOD, by=reader).text().pages


def kill_when_busy(pid: int) -> None:
    """Kill a process once it has computed for a fifth of a second more; give up after ten seconds."""
    start, deadline = computed(pid), time.monotonic() + 10
    while computed(pid) < start + 20 and time.monotonic() < deadline:
        threading.Event().wait(0.005)
    os.kill(pid, signal.SIGKILL)


def computed(pid: int) -> int:
    """Return a process's computing time in hundredths of a second."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def test_the_child_is_replaced_after_its_share_of_documents(document: Make) -> None:
    """Different documents count; asking again about the same one does not."""
    with Reader(Limits(documents=2)) as reader:
        pids = []
        for number in range(5):
            item = document(pdfs.pdf(pdfs.line(f"no {number}", 50, 700)), by=reader)
            item.text()
            item.einvoice()
            item.text()
            pids.append(reader.pid)
        assert pids[0] == pids[1] != pids[2] == pids[3] != pids[4]


def test_the_child_knows_no_secret_and_writes_no_file(document: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its environment holds nothing of ours, its limits forbid writing, and it is not a fork of us."""
    monkeypatch.setenv("UNDERSTUDY_SECRET_LEDGER", "hunter2")
    with Reader() as reader:
        document(GOOD, by=reader).text()
        environment = Path(f"/proc/{reader.pid}/environ").read_bytes()
        limits = Path(f"/proc/{reader.pid}/limits").read_text()
        command = Path(f"/proc/{reader.pid}/cmdline").read_bytes()
    assert b"hunter2" not in environment
    assert all(row.split()[3] == "0" for row in limits.splitlines() if row.startswith("Max file size"))
    assert b"core.files.child" in command


def test_closing_leaves_no_process(document: Make) -> None:
    """After the reader is closed its child is gone; closing twice is no error."""
    reader = Reader()
    document(GOOD, by=reader).text()
    pid = reader.pid
    reader.close()
    reader.close()
    assert reader.pid is None
    assert not Path(f"/proc/{pid}").exists()


def test_a_reader_belongs_to_one_thread(document: Make) -> None:
    """Another thread is told so instead of mixing up answers."""
    item = document(GOOD)
    item.text()
    caught: list[BaseException] = []

    def read() -> None:
        try:
            item.text()
        except RuntimeError as error:
            caught.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    assert "one for each thread" in str(caught[0])
