"""A throw-away installation: a copy that is acted in, killed and looked into, with stand-ins of its own."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from datetime import time as hour
from pathlib import Path
from typing import Any

from core.config import FILE
from core.errors import PortalUnavailable
from core.standins import StandIns
from core.testing.rehearsal.original import Original

INBOX = "rehearsal-inbox"
QUIET = 60  # seconds since the last document was written: nobody is at work on it
ANSWER_SECONDS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One such installation, its stand-ins running."""

    folder: Path
    original: Original
    stand_ins: StandIns

    @property
    def var(self) -> Path:
        """Its state."""
        return self.folder / "var"

    def snapshots(self) -> dict[str, dict[str, Any]]:
        """Return what each target holds, as its simulator's own command tells."""
        return {
            name: _told(one.module, "snapshot", "--db", str(self.stand_ins.database(name)), "--json")
            for name, one in self.original.stand_ins.items()
        }


@contextmanager
def put_up(original: Original, folder: Path, *, browser: Path) -> Iterator[Place]:
    """Make a throw-away installation in a new folder and start its stand-ins; they stop at the end, the folder stays.

    `browser`: where the browser that was found is noted, so that it is not looked for again.
    """
    folder.mkdir(parents=True)
    for path in original.copied:
        _copy(original.folder / path, folder / path)
    var = folder / "var"
    for name, value in original.secrets.items():
        _write_secret(var / "secrets" / name, value)
    if browser.is_file():
        _copy(browser, var / "browser.json")
    _fill_inbox(folder / INBOX, original.documents)
    stand_ins = StandIns(var / "simulators")
    with closing(stand_ins):
        tables = _with_addresses(original, folder, stand_ins)
        (folder / FILE).write_text(toml(tables), encoding="utf-8")
        yield Place(folder=folder, original=original, stand_ins=stand_ins)


def _copy(source: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, to, dirs_exist_ok=True)
    else:
        shutil.copy2(source, to)


def _write_secret(path: Path, value: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600)
    path.write_text(value, encoding="utf-8")


def _fill_inbox(folder: Path, documents: Sequence[Path]) -> None:
    """Put the samples in, as if they had arrived one a second, the last a minute ago."""
    folder.mkdir()
    for age, path in enumerate(reversed(documents), start=QUIET):
        arrived = time.time() - age
        os.utime(shutil.copy(path, folder), (arrived, arrived))


def _with_addresses(original: Original, folder: Path, stand_ins: StandIns) -> dict[str, Any]:
    tables: dict[str, Any] = {**original.tables, "targets": {}}
    for name, table in original.tables["targets"].items():
        one = original.stand_ins[name]
        tables["targets"][name] = {**table, "url": stand_ins.url(name, module=one.module, data=one.data)}
    if original.documents:
        (name, table) = next(iter(original.tables["bots"].items()))
        settings = {**table["settings"], "inbox": str(folder / INBOX)}
        tables["bots"] = {name: {**table, "settings": settings}}
    return tables


def _told(module: str, *words: str) -> dict[str, Any]:
    command = [sys.executable, "-m", module, *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=ANSWER_SECONDS)
    except subprocess.TimeoutExpired as error:
        told = f"`python -m {module} {words[0]}` had not ended after {ANSWER_SECONDS} seconds"
        raise PortalUnavailable(told) from error
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise PortalUnavailable(f"`python -m {module} {words[0]}` ended with {done.returncode}: {last}")
    return dict(json.loads(done.stdout))


def toml(tables: Mapping[str, Any]) -> str:
    """Write data as TOML, each table of the top in a line of its own."""
    return "".join(f"{_written(name)} = {_written(value)}\n" for name, value in tables.items())


def _written(value: Any) -> str:
    match value:
        case str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case bool():
            return str(value).lower()
        case Mapping():
            return "{ " + ", ".join(f"{_written(key)} = {_written(one)}" for key, one in value.items()) + " }"
        case list() | tuple():
            return "[" + ", ".join(map(_written, value)) + "]"
        case date() | hour():
            return value.isoformat()
        case _:
            return repr(value)
