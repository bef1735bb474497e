"""Engineers' logs: JSON lines for whoever mends a bot, redacted, rotated, and never in the way of the work.

Another thing than the trail: a log may be lost and is deleted after a while. One file per process, so that no two
processes rotate the same file. Bind the case with `logger.contextualize(run=..., item=..., step=...)`.
"""

import json
import logging
import math
import os
import sys
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO
from uuid import UUID

from loguru import logger

from audit.redact import Redactor

if TYPE_CHECKING:
    from loguru import Message, Record

LARGEST = 20 * 1024 * 1024  # bytes in one file
KEPT = timedelta(days=30)

_CONTEXT = ("run", "item", "step")
_SHOWN = (str, Decimal, date, timedelta, Path, UUID, Enum)  # shown as text; anything else by its type only


def configure_logs(
    folder: Path,
    redactor: Redactor,
    *,
    level: str = "INFO",
    console: bool = True,
    largest: int = LARGEST,
    kept: timedelta = KEPT,
) -> "LogFile":
    """Send this process's log to its own file in `folder`, and to stderr with `console`; replaces earlier settings.

    Everything is redacted as finished text, tracebacks included; local variables are never shown. Files older than
    `kept` are deleted. A folder that cannot be written loses lines, counted in the LogFile returned, and stops nobody.
    """
    file = LogFile(folder, redactor, largest=largest, kept=kept)
    logger.remove()
    safe: dict[str, Any] = {"level": level, "backtrace": False, "diagnose": False, "catch": True}
    logger.add(file, format=_exception, **safe)
    if console:
        logger.add(Console(redactor), format=_exception, **safe)
    logging.basicConfig(handlers=[_FromLibraries()], level=logging.WARNING, force=True)
    return file


class LogFile:
    """A rotating file of JSON lines; what cannot be written is counted in `lost`."""

    def __init__(self, folder: Path, redactor: Redactor, *, largest: int, kept: timedelta) -> None:
        self._folder = folder
        self._redactor = redactor
        self._largest = largest
        self._kept = kept
        self._stem = f"understudy-{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}"
        self._file: TextIO | None = None
        self._part = 0
        self._size = 0
        self.lost = 0

    @property
    def path(self) -> Path:
        """The file that is written now."""
        return self._folder / f"{self._stem}-{self._part:03}.jsonl"

    def write(self, message: "Message") -> None:
        """Write one record; loguru calls it under its own lock."""
        line = self._line(message.record, traceback=str(message))
        try:
            self._open_for(len(line))
            assert self._file is not None
            self._file.write(line)
            self._file.flush()
        except (OSError, ValueError):  # ValueError: the file was closed under us
            self.lost += 1
            with suppress(OSError, ValueError):
                self.stop()
            self._file = None

    def stop(self) -> None:
        """Close the file; loguru calls it when the log is set up anew or the process ends."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open_for(self, size: int) -> None:
        if self._file is not None and self._size + size > self._largest:
            self.stop()
            self._part += 1
        if self._file is None:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = self.path.open("a", encoding="utf-8", errors="backslashreplace")
            self._size = self.path.stat().st_size
            self._forget_old()
        self._size += size

    def _forget_old(self) -> None:
        oldest = (datetime.now(UTC) - self._kept).timestamp()
        for path in self._folder.glob("understudy-*.jsonl"):
            if path != self.path and path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)

    def _line(self, record: "Record", *, traceback: str) -> str:
        redact = self._redactor.redact
        entry: dict[str, Any] = {
            "at": record["time"].astimezone(UTC).isoformat(timespec="milliseconds"),
            "level": record["level"].name,
            "where": f"{record['name']}:{record['function']}:{record['line']}",
            "message": redact(record["message"]),
        }
        context = _context(record["extra"], self._redactor)
        entry.update((name, context.pop(name)) for name in _CONTEXT if name in context)
        if context:
            entry["extra"] = context
        if traceback:
            entry["traceback"] = redact(traceback)
        return json.dumps(entry, ensure_ascii=False) + "\n"


class Console:
    """The short form for a person at a terminal, on stderr only: stdout belongs to a command's answer."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor

    def write(self, message: "Message") -> None:
        """Write one record to whatever stderr is now; a closed terminal stops nobody."""
        record = message.record
        context = _context(record["extra"], self._redactor)
        bound = "".join(f" {name}={context[name]}" for name in _CONTEXT if name in context)
        head = f"{record['time']:%H:%M:%S} {record['level'].name:<8}{bound} "
        text = self._redactor.redact(f"{record['message']}\n{message}".rstrip())
        try:
            sys.stderr.write(f"{head}{text}\n")
        except (OSError, ValueError):
            return


class _FromLibraries(logging.Handler):
    """Takes what libraries log the standard way, so that it is redacted too."""

    def emit(self, record: logging.LogRecord) -> None:
        """Hand one record on."""
        level: str | int = record.levelname if record.levelname in _LEVELS else record.levelno

        def named(target: "Record") -> None:
            target["name"] = record.name

        logger.patch(named).opt(exception=record.exc_info).log(level, "{}", record.getMessage())


_LEVELS = {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}


def _exception(record: "Record") -> str:
    """Have loguru give us the traceback only; the rest is taken from the record."""
    return "{exception}" if record["exception"] else ""


def _context(extra: dict[str, Any], redactor: Redactor) -> dict[str, Any]:
    return {redactor.redact(str(name)): _shown(value, redactor) for name, value in extra.items()}


def _shown(value: Any, redactor: Redactor) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        text = repr(value)
        redacted = redactor.redact(text)
        return value if redacted == text and math.isfinite(value) else redacted
    if isinstance(value, _SHOWN):
        return redactor.redact(str(value))
    return f"<{type(value).__name__}>"
