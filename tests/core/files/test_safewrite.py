"""Files written beside and renamed."""

import os
import stat
from pathlib import Path

import pytest

from core.files import write_bytes, write_text
from core.files.safewrite import written_beside


def test_a_file_is_created_and_replaced(tmp_path: Path) -> None:
    """The new content replaces the old one whole, and nothing else is left in the folder."""
    path = tmp_path / "report.txt"
    write_text(path, "first\r\n£")
    assert path.read_bytes() == b"first\r\n\xc2\xa3"
    write_bytes(path, b"second")
    assert path.read_bytes() == b"second"
    assert list(tmp_path.iterdir()) == [path]


def test_an_interrupted_write_leaves_the_old_file(tmp_path: Path) -> None:
    """When writing fails half way, the old content stands and no scrap is left."""
    path = tmp_path / "report.txt"
    write_text(path, "old")
    with pytest.raises(KeyboardInterrupt):
        interrupted(tmp_path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def interrupted(folder: Path) -> None:
    """Begin to write a file and be stopped."""
    with written_beside(folder) as (file, _):
        file.write(b"half")
        raise KeyboardInterrupt


def test_a_link_is_replaced_not_followed(tmp_path: Path) -> None:
    """Writing to a name that is a link does not change what it points to."""
    target = tmp_path / "target.txt"
    target.write_text("kept")
    link = tmp_path / "link.txt"
    link.symlink_to(target)
    write_text(link, "new")
    assert target.read_text() == "kept"
    assert not link.is_symlink()


def test_the_longest_names_can_be_written(tmp_path: Path) -> None:
    """The passing name does not grow with the file's own."""
    path = tmp_path / ("x" * 251 + ".txt")
    write_text(path, "content")
    assert path.read_text() == "content"


def test_a_new_file_has_ordinary_rights(tmp_path: Path) -> None:
    """The file is readable as the process's umask says, like any other file."""
    path = tmp_path / "a.txt"
    write_text(path, "content")
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask
