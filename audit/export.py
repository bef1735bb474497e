"""Handing the trail to someone outside: events, checkpoints, public keys, and a program that verifies them.

The program needs nothing but Python, so an auditor can read it and run it where none of our software is installed.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from audit.chain import sealed
from audit.keys import PublicKey
from audit.signed import checkpoints_of
from audit.trail import canonical

EVENTS = "events.jsonl"
CHECKPOINTS = "checkpoints.jsonl"
KEYS = "public-keys.txt"
VERIFIER = "verify_trail.py"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What an export holds."""

    folder: Path
    events: int
    checkpoints: int


def export(connection: Connection, folder: Path, *, public_keys: Iterable[PublicKey]) -> Exported:
    """Write the sealed trail, its checkpoints, the keys and a verifier into a new folder.

    Each event is a line with `seq`, `hash` and `body`, the exact text that was sealed. Events not sealed yet are
    left out. Raises FileExistsError when the folder is there already.
    """
    folder.mkdir(parents=True)
    # Checkpoints first: what is written of the chain afterwards can only be more than they signed.
    checkpoints = _write(folder / CHECKPOINTS, (checkpoint.line() for checkpoint in checkpoints_of(connection)))
    events = _write(folder / EVENTS, _lines(connection))
    _write(folder / KEYS, (key.text() for key in public_keys))
    (folder / VERIFIER).write_text(verifier(), encoding="utf-8")
    return Exported(folder=folder, events=events, checkpoints=checkpoints)


def verifier() -> str:
    """Return the text of the program that verifies an export with nothing but Python."""
    return Path(__file__).with_name("standalone.py").read_text(encoding="utf-8")


def _lines(connection: Connection) -> Iterator[str]:
    for rows in sealed(connection):
        for seq, _, stored, *_, body in rows:
            yield canonical({"body": body, "hash": stored.hex(), "seq": seq})


def _write(path: Path, lines: Iterable[str]) -> int:
    count = 0
    with path.open("x", encoding="utf-8", newline="\n") as file:
        for line in lines:
            file.write(line + "\n")
            count += 1
        file.flush()
        os.fsync(file.fileno())
    return count


def read_keys(path: Path) -> tuple[PublicKey, ...]:
    """Return the keys in a file of public keys, one per line."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return tuple(PublicKey.of(line) for line in lines if line.strip())
