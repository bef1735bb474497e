"""Runs an installation as a scheduler would, in a process of its own; kills it where told, and judges from outside."""

import json
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audit.keys import Keyring
from audit.verify import Report, verify
from core.clock import Clock
from core.config import read_config
from core.store import Database
from core.testing import programs
from core.testing.programs import Program

HERE = Path(__file__).parent
KILLED = -signal.SIGKILL
_NOT_COPIED = shutil.ignore_patterns("__pycache__", "var", "*.db")
MOST = 120  # seconds that one run may take


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How one process ended."""

    code: int  # exit code; negative: the signal that killed it
    said: dict[str, Any]  # what it printed; empty when it was killed
    errors: str


def copied(sample: str, to: Path) -> Path:
    """Copy an installation and return its folder."""
    return Path(shutil.copytree(HERE / sample, to, ignore=_NOT_COPIED, dirs_exist_ok=True))


def set_values(file: Path, values: Mapping[str, str | int]) -> None:
    """Replace the values of keys in bots.toml; each key stands once in the file."""
    lines = file.read_text(encoding="utf-8").splitlines()
    for key, value in values.items():
        (number,) = [at for at, line in enumerate(lines) if line.startswith(f"{key} =")]
        lines[number] = f"{key} = {json.dumps(value)}"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def command(folder: Path, bot: str, *more: str) -> list[str]:
    """Return what starts a bot once."""
    return [sys.executable, str(HERE / "run_bot.py"), str(folder), bot, *more]


def run(folder: Path, bot: str, *more: str, kill_at: int | None = None, log: Path | None = None) -> Ended:
    """Run a bot once, dying at a boundary when one is given; `log` lists the boundaries reached."""
    ended = programs.run(command(folder, bot, *more), folder=folder, environment=environment(kill_at, log), most=MOST)
    said = json.loads(ended.out) if ended.out.startswith("{") else {}
    return Ended(code=ended.code, said=said, errors=ended.errors)


def started(folder: Path, bot: str, *, log: Path | None = None) -> Program:
    """Start a bot and return its process; `log` lists the boundaries reached."""
    return Program(command(folder, bot), folder=folder, environment=environment(None if log is None else 0, log))


def environment(kill_at: int | None = None, log: Path | None = None) -> dict[str, str]:
    """Return the environment of a process: ours, but for what would change its course."""
    values = {name: value for name, value in os.environ.items() if not name.startswith("UNDERSTUDY_KILL")}
    values.pop("UNDERSTUDY_ENV", None)
    if kill_at is not None:
        values["UNDERSTUDY_KILL_AT"] = f"{kill_at}:{log or ''}"
    return values


def boundaries(folder: Path, bot: str) -> list[str]:
    """Run a bot without a kill and return the boundaries it reached, in order."""
    log = folder / "boundaries.log"
    ended = run(folder, bot, kill_at=0, log=log)
    assert ended.code == 0, ended
    return [line.split(" ", 1)[1] for line in log.read_text(encoding="utf-8").splitlines()]


def store(folder: Path) -> Database:
    """Open an installation's database, wherever its bots.toml says it is."""
    return Database.open(read_config(folder, environment={}).database_url(), clock=Clock())


def trail(folder: Path) -> Report:
    """Verify the trail of an installation with its own key."""
    database = store(folder)
    try:
        with database.engine.connect() as connection:
            return verify(connection, public_keys=Keyring.open(folder / "var" / "keys").public_keys())
    finally:
        database.close()


def entries(folder: Path) -> list[tuple[str, str]]:
    """Return what stands in the book, sorted: number and amount."""
    path = folder / "book.db"
    if not path.exists():
        return []
    with closing(sqlite3.connect(path)) as book:
        return sorted(book.execute("SELECT number, net FROM entry").fetchall())
