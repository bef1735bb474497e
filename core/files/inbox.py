"""Intake: the documents of a folder, counted before anything is stored, each taken whole or reported.

Taking a document copies its bytes into a store, under their hash: what happens in the inbox afterwards
changes nothing. The inbox itself is never written to. Names are data: shown inert, never part of a path.
An empty file is taken like any other: reading it says FILE_EMPTY, to a person.

| code | why a file was not taken |
|---|---|
| FILE_STILL_WRITTEN | it changed a moment ago, or while it was copied; the next run takes it |
| FILE_TEMPORARY | a hidden or passing name on what looks like a document: an upload or an open editor |
| FILE_TOO_LARGE | more bytes than a reader opens |
| FILE_LINK_OUTSIDE | a symbolic link that leaves the inbox, or leads nowhere |
| FILE_NOT_A_FILE | a folder, pipe or device with a document's name |
| FILE_NO_ACCESS | it may not be read |
| FILE_GONE | it was listed, then disappeared |
"""

import hashlib
import os
import stat
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import BinaryIO

from core.clock import Clock
from core.errors import FileUnreadable
from core.files.limits import Limits
from core.files.safewrite import put_in_place, written_beside
from core.model.documents import Document, DocumentOpener
from core.model.items import Quarantined

_PASSING = (
    ".part",
    ".partial",
    ".crdownload",
    ".download",
    ".tmp",
    ".temp",
    ".filepart",
    ".swp",
    ".~tmp",
    "~",
)
_SKEW = timedelta(hours=1)  # a file dated further ahead than this has a wrong date, not a fast clock
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Entry:
    """A file as listed: what it was called, how large and how old, before anything was read."""

    path: Path
    name: str  # made inert for showing
    size: int  # bytes
    changed: datetime | None  # None when it cannot be asked
    refusal: Quarantined | None = None  # already known from the listing alone


@dataclass(frozen=True, slots=True)
class Listing:
    """What a folder held at one moment; `take` yields exactly one outcome for each entry."""

    entries: tuple[Entry, ...]
    others: tuple[str, ...]  # names that are no documents by the patterns, for showing

    @property
    def counted(self) -> int:
        """How many documents the source held: the left side of the intake balance."""
        return len(self.entries)


class _Refused(Exception):
    """A file that is not taken, with code and reason."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(code)
        self.code = code
        self.reason = reason


class Inbox:
    """A folder that others put documents into."""

    def __init__(
        self,
        folder: Path,
        *,
        patterns: Sequence[str] = ("*.pdf",),
        quiet: timedelta = timedelta(seconds=2),
        limits: Limits = Limits(),  # noqa: B008 - frozen
        clock: Clock = Clock(),  # noqa: B008 - frozen
    ) -> None:
        """`patterns` match names whatever their case; a file is taken when nobody wrote to it for `quiet`."""
        self.folder = folder
        self.patterns = tuple(pattern.lower() for pattern in patterns)
        self.quiet = quiet
        self._limits = limits
        self._clock = clock

    def listing(self) -> Listing:
        """Count the documents, by name; nothing is opened.

        Raises FileUnreadable (INBOX_UNREADABLE) when the folder cannot be read.
        """
        try:
            paths = sorted(self.folder.iterdir())
        except OSError as error:
            message = f"The inbox {self.folder} cannot be read ({error.strerror}). Check the folder and its rights."
            raise FileUnreadable("INBOX_UNREADABLE", message, permanent=False) from error
        entries = [entry for entry in map(self._entry, paths) if entry]
        listed = {entry.path for entry in entries}
        return Listing(tuple(entries), tuple(inert(path.name) for path in paths if path not in listed))

    def take(
        self, store: Path, *, opener: DocumentOpener | None = None, listing: Listing | None = None
    ) -> Iterator[Document | Quarantined]:
        """Yield one outcome for each entry of the listing (a fresh one when none is given).

        Young files come last, after one wait until they are quiet; one that still changes is reported.
        """
        listing = listing or self.listing()
        young = []
        for entry in listing.entries:
            if entry.refusal:
                yield entry.refusal
            elif self._rest(entry) > timedelta(0):
                young.append(entry)
            else:
                yield self._taken(entry, store, opener)
        if young:
            self._clock.sleep(max(map(self._rest, young)).total_seconds())
        for entry in young:
            yield self._taken(entry, store, opener)

    def _entry(self, path: Path) -> Entry | None:
        """Return the listing's entry for a document; None for what is none by its name."""
        name = inert(path.name)
        try:
            found = path.lstat()
        except OSError:
            return Entry(path, name, 0, None) if self._matches(path.name) else None
        changed = datetime.fromtimestamp(found.st_mtime, UTC)
        if self._passing(path.name):
            if stat.S_ISDIR(found.st_mode):
                return None
            reason = "A hidden or passing name: still being copied, or open in a program. Finish or rename it."
            return Entry(
                path, name, found.st_size, changed, Quarantined(name=name, code="FILE_TEMPORARY", reason=reason)
            )
        if not self._matches(path.name):
            return None
        return Entry(path, name, found.st_size, changed)

    def _matches(self, name: str) -> bool:
        return any(fnmatchcase(name.lower(), pattern) for pattern in self.patterns) and not self._passing(name)

    def _passing(self, name: str) -> bool:
        """Whether a document hides behind a passing name: `.scan.pdf`, `~$scan.pdf`, `scan.pdf.part`."""
        bare = name.lower().removeprefix(".").removeprefix("~$")
        for ending in _PASSING:
            bare = bare.removesuffix(ending)
        return bare != name.lower() and any(fnmatchcase(bare, pattern) for pattern in self.patterns)

    def _rest(self, entry: Entry) -> timedelta:
        """Return how long to wait until the file has been quiet for long enough."""
        if entry.changed is None:
            return timedelta(0)
        age = self._clock.now() - entry.changed
        return self.quiet if -_SKEW < age < timedelta(0) else self.quiet - age if age >= timedelta(0) else timedelta(0)

    def _taken(self, entry: Entry, store: Path, opener: DocumentOpener | None) -> Document | Quarantined:
        try:
            sha256, size, path = self._copy(entry, store)
        except _Refused as refused:
            return Quarantined(name=entry.name, code=refused.code, reason=refused.reason)
        return Document(sha256=sha256, name=inert(entry.path.name, most=255), size=size, path=path, opener=opener)

    def _copy(self, entry: Entry, store: Path) -> tuple[str, int, Path]:
        handle = self._open(entry)
        with os.fdopen(handle, "rb") as source:
            before = os.fstat(handle)
            digest = hashlib.sha256()
            store.mkdir(parents=True, exist_ok=True)
            with written_beside(store) as (copy, beside):
                while chunk := _chunk(source):
                    digest.update(chunk)
                    copy.write(chunk)
                after = os.fstat(handle)
                if copy.tell() != before.st_size or _state(before) != _state(after):
                    raise _Refused("FILE_STILL_WRITTEN", _STILL)
                place = store / digest.hexdigest()[:2] / digest.hexdigest()
                place.parent.mkdir(exist_ok=True)
                if not place.exists():
                    os.fchmod(copy.fileno(), 0o444)
                    put_in_place(copy, beside, place)
        return place.name, before.st_size, place

    def _open(self, entry: Entry) -> int:
        """Open the file, links followed only inside the inbox; a pipe does not block."""
        try:
            home = self.folder.resolve(strict=True)
            real = entry.path.resolve(strict=True)
            if not real.is_relative_to(home):
                raise _Refused("FILE_LINK_OUTSIDE", "A link that leads out of the inbox. Put the file itself there.")
            handle = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError as error:
            if entry.path.is_symlink():
                raise _Refused("FILE_LINK_OUTSIDE", "A link that leads nowhere. Put the file itself there.") from error
            raise _Refused("FILE_GONE", "It was in the inbox a moment ago and is there no more.") from error
        except (OSError, RuntimeError) as error:
            reason = f"It may not be read ({getattr(error, 'strerror', error)}). Check the rights of the file."
            raise _Refused("FILE_NO_ACCESS", reason) from error
        try:
            self._check(entry, os.fstat(handle))
        except _Refused:
            os.close(handle)
            raise
        return handle

    def _check(self, entry: Entry, found: os.stat_result) -> None:
        if not stat.S_ISREG(found.st_mode):
            raise _Refused("FILE_NOT_A_FILE", "A folder or device with a document's name. Remove or rename it.")
        if not entry.path.is_symlink() and (entry.size, entry.changed) != _listed(found):
            raise _Refused("FILE_STILL_WRITTEN", _STILL)
        if found.st_size > self._limits.file_bytes:
            most = self._limits.file_bytes
            reason = f"The file has {found.st_size:,} bytes; at most {most:,} are taken. Ask for a smaller one."
            raise _Refused("FILE_TOO_LARGE", reason)


_STILL = "It is still being written. It is taken by the next run, when it has stopped changing."


def _chunk(source: BinaryIO) -> bytes:
    try:
        return source.read(_CHUNK)
    except OSError as error:
        raise _Refused("FILE_NO_ACCESS", f"It cannot be read ({error.strerror}). Check the disk.") from error


def _state(found: os.stat_result) -> tuple[int, int]:
    return found.st_size, found.st_mtime_ns


def _listed(found: os.stat_result) -> tuple[int, datetime]:
    return found.st_size, datetime.fromtimestamp(found.st_mtime, UTC)


def inert(name: str, *, most: int = 120) -> str:
    """Return a name for showing: control, direction and undecodable marks as `?`, a long one shortened."""
    shown = "".join(
        letter if unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") else "?"
        for letter in name
    )
    return shown if len(shown) <= most else f"{shown[: most // 2]}…{shown[-(most // 2 - 1) :]}"


def open_document(path: Path, opener: DocumentOpener | None = None) -> Document:
    """Return the document of a file where it lies, hashed now; nothing is copied.

    Raises FileUnreadable when it cannot be read.
    """
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256")
            size = file.tell()
    except OSError as error:
        message = f"The file {inert(path.name)} cannot be opened ({error.strerror}). Check its name and rights."
        raise FileUnreadable("FILE_MISSING", message, permanent=True) from error
    return Document(sha256=digest.hexdigest(), name=inert(path.name, most=255), size=size, path=path, opener=opener)
