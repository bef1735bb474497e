"""Files written beside and then renamed: whoever reads sees the old file or the whole new one."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


def write_bytes(path: Path, data: bytes) -> None:
    """Replace or create a file; when this returns, the bytes are on the disk under that name."""
    with written_beside(path.parent) as (file, beside):
        file.write(data)
        put_in_place(file, beside, path)


def write_text(path: Path, text: str) -> None:
    """Replace or create a UTF-8 text file, line ends as given; see `write_bytes`."""
    write_bytes(path, text.encode())


@contextmanager
def written_beside(folder: Path) -> Iterator[tuple[BinaryIO, Path]]:
    """Open a new file under a passing name in the folder; it is gone afterwards unless put in place."""
    beside = folder / f".{secrets.token_hex(8)}.tmp"
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file, beside
    finally:
        with suppress(FileNotFoundError):
            beside.unlink()


def put_in_place(file: BinaryIO, beside: Path, path: Path) -> None:
    """Give a file written beside its name, after its bytes are on the disk."""
    file.flush()
    os.fsync(file.fileno())
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
