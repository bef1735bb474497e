"""Engineers' logs: JSON lines, redacted to the last word of a traceback, and never in the way."""

import io
import json
import logging
import os
import sys
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from loguru import logger

from audit.logs import LogFile, configure_logs
from audit.redact import Redactor

SECRET = "correct-horse-battery"


@pytest.fixture(autouse=True)
def leave_logging_as_it_was() -> Iterator[None]:
    """Take our sinks away after each test."""
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    logger.remove()
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


def lines(log: LogFile) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.path.read_text(encoding="utf-8").splitlines()]


def test_a_record_is_one_json_line_with_its_case(tmp_path: Path) -> None:
    """Run, item and step that are bound stand in the line; other values stand under extra."""
    log = configure_logs(tmp_path, Redactor(), console=False)
    with logger.contextualize(run=3, item=8812, step="read"):
        logger.bind(pages=2, gross=Decimal("12.50"), thing=object()).info("read {}", "a.pdf")
    (line,) = lines(log)
    assert (line["run"], line["item"], line["step"], line["message"]) == (3, 8812, "read", "read a.pdf")
    assert line["extra"] == {"pages": 2, "gross": "12.50", "thing": "<object>"}
    assert line["where"].endswith("test_a_record_is_one_json_line_with_its_case:" + line["where"].split(":")[-1])
    assert line["level"] == "INFO"


def test_a_traceback_is_redacted_and_shows_no_local_variables(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A secret in a message, a cause or a local variable reaches neither the file nor the terminal."""
    log = configure_logs(tmp_path, Redactor([SECRET]), console=True)

    def log_in(password: str) -> None:
        nhs = "943 476 5919"
        try:
            raise KeyError(password + nhs)
        except KeyError as error:
            raise ValueError(f"refused {password} for {nhs}") from error

    try:
        log_in(SECRET)
    except ValueError:
        logger.exception("login with {} failed", SECRET)
    shown = capsys.readouterr()
    text = log.path.read_text(encoding="utf-8") + shown.err
    assert shown.out == ""
    assert SECRET not in text
    assert "943 476 5919" not in text
    (line,) = lines(log)
    assert line["message"] == "login with [redacted:secret] failed"
    assert "ValueError: refused [redacted:secret] for [redacted:nhs-number]" in line["traceback"]
    assert "KeyError" in line["traceback"]
    assert "ValueError: refused [redacted:secret]" in shown.err


def test_bound_values_are_redacted(tmp_path: Path) -> None:
    """Also those that are numbers, and those under odd names."""
    log = configure_logs(tmp_path, Redactor([SECRET]), console=False)
    logger.bind(patient=9434765919, **{SECRET: "x"}, note=SECRET, ratio=float("nan")).info("hello")
    (line,) = lines(log)
    assert line["extra"] == {
        "patient": "[redacted:nhs-number]",
        "[redacted:secret]": "x",
        "note": "[redacted:secret]",
        "ratio": "nan",
    }


def test_what_libraries_log_is_redacted_too(tmp_path: Path) -> None:
    """The standard logging of other packages takes the same way."""
    log = configure_logs(tmp_path, Redactor(), console=False)
    logging.getLogger("some.library").warning("retry with password=%s and {braces}", "abc")
    logging.getLogger("some.library").info("not important")
    (line,) = lines(log)
    assert line["message"] == "retry with password=[redacted:secret] and {braces}"
    assert line["where"].startswith("some.library:")


def test_the_level_decides_what_is_written(tmp_path: Path) -> None:
    """Below the level nothing is written."""
    log = configure_logs(tmp_path, Redactor(), level="WARNING", console=False)
    logger.info("small talk")
    logger.warning("look here")
    assert [line["message"] for line in lines(log)] == ["look here"]


def test_files_are_rotated_and_old_ones_deleted(tmp_path: Path) -> None:
    """A full file is followed by the next part, and files beyond their time go."""
    old = tmp_path / "understudy-20200101T000000-1-000.jsonl"
    old.write_text("{}\n", encoding="utf-8")
    os.utime(old, (0, 0))
    configure_logs(tmp_path, Redactor(), console=False, largest=1000, kept=timedelta(days=1))
    for number in range(30):
        logger.info("line {}", number)
    files = sorted(tmp_path.glob("*.jsonl"))
    assert old not in files
    assert len(files) > 3
    assert all(path.stat().st_size <= 1000 for path in files)
    written = [json.loads(line) for path in files for line in path.read_text(encoding="utf-8").splitlines()]
    assert [line["message"] for line in written] == [f"line {number}" for number in range(30)]


def test_a_log_that_cannot_be_written_stops_nobody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The lines are counted as lost, nothing is raised, and nothing leaks to the terminal."""
    blocked = tmp_path / "logs"
    blocked.write_text("a file where the folder should be", encoding="utf-8")
    log = configure_logs(blocked, Redactor([SECRET]), console=False)
    logger.info("hello {}", SECRET)
    assert log.lost == 1
    assert capsys.readouterr().err == ""
    blocked.unlink()
    logger.info("hello again")
    assert [line["message"] for line in lines(log)] == ["hello again"]


def test_a_closed_terminal_stops_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Writing to a terminal that is gone is not an error of the bot."""
    closed = io.StringIO()
    closed.close()
    log = configure_logs(tmp_path, Redactor(), console=True)
    monkeypatch.setattr(sys, "stderr", closed)
    logger.info("hello")
    assert [line["message"] for line in lines(log)] == ["hello"]
