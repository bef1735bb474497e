"""What a command may not load: a module loads when it is first used, so that no command pays for another's."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

_PROGRAM = """
import contextlib, io, sys
from understudy.main import run
with contextlib.redirect_stdout(io.StringIO()):
    code = run(sys.argv[1:])
print(*sys.modules)
sys.exit(code)
"""

LIBRARIES = {"cryptography", "loguru", "pydantic", "rich", "sqlalchemy"}
DOCUMENTS = {"lxml", "openpyxl", "pdfplumber", "pypdf", "pypdfium2", "python_calamine"}
OUTSIDE = {"core.browser", "fsspec", "playwright", "psycopg", "sqlalchemy.dialects.postgresql"}
WORK = {"core.checks", "core.runtime.attempt", "core.runtime.effects", "core.runtime.record"}  # of an item
RUNNING = {"core.files", "core.registry", "core.runtime"}  # a bot


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bot whose items are all known: its next run is empty."""
    folder = tmp_path_factory.mktemp("installation")
    for words in (["new", "hello"], ["run", "hello"]):
        loaded_by(words, folder)
    return folder


def test_the_help_loads_no_library(tmp_path: Path) -> None:
    """The list of commands is shown without the store, the configuration and the logs."""
    assert not loaded_by(["--help"], tmp_path) & (LIBRARIES | DOCUMENTS | OUTSIDE)


def test_an_empty_run_loads_only_what_it_needs(installation: Path) -> None:
    """Where every item is known, nothing is loaded that works an item, opens a document or goes outside."""
    loaded = loaded_by(["run", "hello"], installation)
    assert not loaded & (DOCUMENTS | OUTSIDE | WORK | {"core.decisions", "core.runtime.listing", "rich"})
    assert loaded >= {"core.runtime", "cryptography", "sqlalchemy"}  # the run was made, and its end is signed


@pytest.mark.parametrize(
    "words", ["status", "review list", "hold bot hello --reason stocktaking", "mode hello", "release bot hello"]
)
def test_who_runs_no_bot_loads_none(words: str, installation: Path) -> None:
    """What only reads or writes the store loads neither a bot nor what runs it."""
    assert not loaded_by(words.split(), installation) & (DOCUMENTS | OUTSIDE | RUNNING)


def test_the_check_opens_nothing(installation: Path) -> None:
    """A check loads the bots, and no more of the libraries than they do themselves and the evidence's place needs."""
    assert not loaded_by(["check"], installation) & (DOCUMENTS | (OUTSIDE - {"fsspec"}) | WORK)


def loaded_by(words: Sequence[str], folder: Path) -> set[str]:
    """Return the modules that are loaded when the command has ended well."""
    command = [sys.executable, "-c", _PROGRAM, *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())
