"""Intake from a folder: every document counted once and either taken whole or reported."""

import hashlib
import os
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.clock import Clock, FakeClock
from core.errors import FileUnreadable
from core.files import Inbox, Limits, inert
from core.model.documents import Document
from core.model.items import Quarantined

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty inbox."""
    found = tmp_path / "inbox"
    found.mkdir()
    return found


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Where taken bytes go; not there yet."""
    return tmp_path / "store" / "documents"


def put(folder: Path, name: str, data: bytes = b"%PDF-1.7", *, age: float = 60) -> Path:
    """Put a file into the inbox, last changed `age` seconds ago."""
    path = folder / name
    path.write_bytes(data)
    os.utime(path, (NOW.timestamp() - age,) * 2)
    return path


def inbox(folder: Path, *, clock: Clock | None = None, limits: Limits | None = None) -> Inbox:
    """An inbox at nine o'clock."""
    return Inbox(folder, clock=clock or FakeClock(NOW).clock(), limits=limits or Limits())


def outcomes(found: Iterator[Document | Quarantined]) -> dict[str, str]:
    """Return `taken` or the code for each name."""
    return {item.name: item.code if isinstance(item, Quarantined) else "taken" for item in found}


def test_documents_are_taken_by_name_whatever_its_case(folder: Path, store: Path) -> None:
    """PDFs are taken in the order of their names; what is no document is named apart and not counted."""
    put(folder, "b.PDF", b"b")
    put(folder, "a.pdf", b"a")
    put(folder, "notes.txt")
    (folder / "sub").mkdir()
    box = inbox(folder)
    assert outcomes(box.take(store)) == {"a.pdf": "taken", "b.PDF": "taken"}
    assert box.listing().counted == 2
    assert box.listing().others == ("notes.txt", "sub")


def test_bytes_are_kept_under_their_hash(folder: Path, store: Path) -> None:
    """The copy is read-only, named by its content, and later changes in the inbox do not reach it."""
    path = put(folder, "a.pdf", b"first")
    (taken,) = inbox(folder).take(store)
    assert isinstance(taken, Document)
    assert taken.sha256 == hashlib.sha256(b"first").hexdigest()
    assert taken.size == 5
    path.write_bytes(b"second")
    assert taken.path.read_bytes() == b"first"
    assert taken.path.is_relative_to(store)
    assert taken.path.stat().st_mode & 0o222 == 0


def test_the_same_bytes_twice_are_two_outcomes_and_one_copy(folder: Path, store: Path) -> None:
    """A file delivered under two names is counted twice, so that the second can be told as a duplicate."""
    put(folder, "a.pdf")
    put(folder, "b.pdf")
    first, second = inbox(folder).take(store)
    assert first == second
    assert len([path for path in store.rglob("*") if path.is_file()]) == 1


def test_a_young_file_is_taken_after_one_wait(folder: Path, store: Path) -> None:
    """A file changed a second ago is looked at again when it has been quiet, after the others."""
    put(folder, "a.pdf", age=1)
    put(folder, "b.pdf")
    clock = FakeClock(NOW).clock()
    assert list(outcomes(inbox(folder, clock=clock).take(store)).items()) == [("b.pdf", "taken"), ("a.pdf", "taken")]
    assert clock.now() == NOW + timedelta(seconds=1)


def test_a_file_still_being_written_is_reported_not_read(folder: Path, store: Path) -> None:
    """A file that grows while we wait is left for the next run."""
    path = put(folder, "a.pdf", age=1)
    fake = FakeClock(NOW).clock()

    def grow(_: float) -> None:
        with path.open("ab") as file:
            file.write(b"more")

    clock = Clock(now=fake.now, monotonic=fake.monotonic, sleep=grow)
    assert outcomes(inbox(folder, clock=clock).take(store)) == {"a.pdf": "FILE_STILL_WRITTEN"}
    assert not list(store.rglob("*"))


def test_a_file_changed_after_counting_is_reported(folder: Path, store: Path) -> None:
    """What was counted is what is taken, or nothing is."""
    path = put(folder, "a.pdf")
    box = inbox(folder)
    listing = box.listing()
    path.write_bytes(b"other")
    assert outcomes(box.take(store, listing=listing)) == {"a.pdf": "FILE_STILL_WRITTEN"}


def test_a_clock_a_little_ahead_is_waited_for_and_a_wrong_date_is_not(folder: Path, store: Path) -> None:
    """A file from a share whose clock runs ahead is young; one dated next year is not held for a year."""
    put(folder, "ahead.pdf", age=-30)
    put(folder, "wrong.pdf", age=-400 * 86400)
    clock = FakeClock(NOW).clock()
    assert list(outcomes(inbox(folder, clock=clock).take(store))) == ["wrong.pdf", "ahead.pdf"]
    assert clock.now() - NOW <= timedelta(seconds=2)


@pytest.mark.parametrize("name", [".scan.pdf", "~$scan.pdf", "scan.pdf.part", "scan.pdf.crdownload", "scan.pdf~"])
def test_passing_names_are_reported(folder: Path, store: Path, name: str) -> None:
    """A document under a hidden or passing name is counted and reported, not taken."""
    put(folder, name)
    box = inbox(folder)
    assert outcomes(box.take(store)) == {name: "FILE_TEMPORARY"}
    assert box.listing().counted == 1


def test_hidden_files_that_are_no_documents_do_not_count(folder: Path, store: Path) -> None:
    """A folder's own hidden files are none of ours."""
    put(folder, ".DS_Store")
    put(folder, "Thumbs.db")
    assert inbox(folder).listing().counted == 0


def outside_link(folder: Path) -> None:
    """A link to a file that the inbox must not reach."""
    secret = folder.parent / "secret.pdf"
    secret.write_bytes(b"secret")
    (folder / "x.pdf").symlink_to(secret)


def outside_folder_link(folder: Path) -> None:
    """A link by way of `..`."""
    (folder.parent / "secret.pdf").write_bytes(b"secret")
    (folder / "x.pdf").symlink_to(Path("..") / "secret.pdf")


def dangling_link(folder: Path) -> None:
    """A link to nothing."""
    (folder / "x.pdf").symlink_to("nothing.pdf")


def circular_link(folder: Path) -> None:
    """A link to itself."""
    (folder / "x.pdf").symlink_to("x.pdf")


def pipe(folder: Path) -> None:
    """A named pipe, which would block whoever opens it."""
    os.mkfifo(folder / "x.pdf")


def directory(folder: Path) -> None:
    """A folder with a document's name."""
    (folder / "x.pdf").mkdir()


def a_socket(folder: Path) -> None:
    """A socket with a document's name."""
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(os.path.relpath(folder / "x.pdf"))


def large(folder: Path) -> None:
    """A file over the limit."""
    put(folder, "x.pdf", b"x" * 1001)


@pytest.mark.parametrize(
    ("code", "make"),
    [
        ("FILE_LINK_OUTSIDE", outside_link),
        ("FILE_LINK_OUTSIDE", outside_folder_link),
        ("FILE_LINK_OUTSIDE", dangling_link),
        ("FILE_NO_ACCESS", circular_link),
        ("FILE_NOT_A_FILE", pipe),
        ("FILE_NOT_A_FILE", directory),
        ("FILE_NO_ACCESS", a_socket),
        ("FILE_TOO_LARGE", large),
    ],
)
def test_what_is_no_ordinary_file_is_reported(
    folder: Path, store: Path, code: str, make: Callable[[Path], None]
) -> None:
    """Each is counted, has a code and a sentence, and leaves nothing in the store."""
    make(folder)
    later = FakeClock(datetime.now(UTC) + timedelta(minutes=1)).clock()
    box = inbox(folder, clock=later, limits=Limits(file_bytes=1000))
    assert box.listing().counted == 1
    (found,) = box.take(store)
    assert isinstance(found, Quarantined)
    assert (found.name, found.code) == ("x.pdf", code)
    assert found.reason.endswith(".")
    assert not list(store.rglob("*"))


def test_a_link_within_the_inbox_is_taken(folder: Path, store: Path) -> None:
    """A link to a neighbour is that neighbour's bytes again."""
    put(folder, "a.pdf")
    (folder / "b.pdf").symlink_to("a.pdf")
    later = FakeClock(datetime.now(UTC) + timedelta(minutes=1)).clock()
    assert outcomes(inbox(folder, clock=later).take(store)) == {"a.pdf": "taken", "b.pdf": "taken"}


def test_an_empty_file_is_taken(folder: Path, store: Path) -> None:
    """Zero bytes are a delivery too: reading them gives the reason to a person."""
    put(folder, "a.pdf", b"")
    assert outcomes(inbox(folder).take(store)) == {"a.pdf": "taken"}


def test_a_file_that_disappears_is_reported(folder: Path, store: Path) -> None:
    """Counted and then gone is an outcome of its own."""
    path = put(folder, "a.pdf")
    box = inbox(folder)
    listing = box.listing()
    path.unlink()
    assert outcomes(box.take(store, listing=listing)) == {"a.pdf": "FILE_GONE"}


def test_an_inbox_that_is_not_there_says_so(tmp_path: Path) -> None:
    """A missing folder is no empty folder."""
    with pytest.raises(FileUnreadable) as caught:
        inbox(tmp_path / "nowhere").listing()
    assert (caught.value.code, caught.value.permanent) == ("INBOX_UNREADABLE", False)


def test_hostile_names_are_shown_inert(folder: Path, store: Path) -> None:
    """Control marks, direction marks and undecodable bytes never reach a screen, a log or the store."""
    put(folder, "in\x1b[31mvoice\u202efdp.pdf")
    os.rename(put(folder, "y.pdf"), os.fsencode(folder) + b"/bad-\xff.pdf")  # noqa: PTH104 - a name of bytes
    names = {item.name for item in inbox(folder).take(store)}
    assert names == {"in?[31mvoice?fdp.pdf", "bad-?.pdf"}


@settings(deadline=None)
@given(st.text(max_size=400))
def test_inert_names_are_short_and_printable(name: str) -> None:
    """Whatever a name holds, what is shown fits and is harmless."""
    shown = inert(name)
    assert len(shown) <= 120
    assert "\n" not in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    shown.encode()


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([".pdf", ".txt", ".pdf.part"]), st.binary(max_size=3)))
)
def test_every_counted_file_has_one_outcome(
    tmp_path_factory: pytest.TempPathFactory, files: list[tuple[str, str, bytes]]
) -> None:
    """Counted at the source = taken + reported, whatever lies in the folder."""
    place = tmp_path_factory.mktemp("any")
    (place / "inbox").mkdir()
    for stem, ending, data in files:
        put(place / "inbox", stem + ending, data)
    box = inbox(place / "inbox")
    listing = box.listing()
    assert len(list(box.take(place / "store", listing=listing))) == listing.counted
