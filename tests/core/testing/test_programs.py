"""Programs run to their end, whatever they leave behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.testing.programs import Program, run

LEAVES_ONE_BEHIND = """
import os, signal, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def python(code: str) -> list[str]:
    """Return the command that runs it."""
    return [sys.executable, "-c", code]


def test_what_it_printed_and_its_code_are_told(tmp_path: Path) -> None:
    """Both outputs are kept apart."""
    code = "import os, sys; print(os.getcwd(), os.environ['A']); print('no', file=sys.stderr); sys.exit(3)"
    ended = run(python(code), folder=tmp_path, environment={"A": "b"}, most=60)
    assert (ended.code, ended.out, ended.errors) == (3, f"{tmp_path} b\n", "no\n")


def test_a_child_that_a_killed_program_left_is_not_waited_for(tmp_path: Path) -> None:
    """It still holds what would be the pipes; the end is told at once all the same."""
    began = time.monotonic()
    ended = run(python(LEAVES_ONE_BEHIND), folder=tmp_path, environment=os.environ, most=300)
    os.kill(int(ended.out), signal.SIGKILL)
    assert ended.code == -signal.SIGKILL
    assert time.monotonic() - began < 250


def test_one_that_takes_too_long_is_ended_and_says_what_it_printed(tmp_path: Path) -> None:
    """The error carries the output, for whoever must find out why."""
    code = "import time; print('began', flush=True); time.sleep(600)"
    with Program(python(code), folder=tmp_path, environment=os.environ) as program:
        with pytest.raises(subprocess.TimeoutExpired) as told:
            program.ended(10)
        assert (program.runs, "began" in told.value.__notes__[0]) == (False, True)
