"""docs/start.md ends in a working bot, and the README's bot works as it is printed."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.architecture.source import ROOT

BIN = Path(sys.executable).parent


def test_every_command_of_the_start_page_works(tmp_path: Path) -> None:
    """Typed one after the other in an empty folder, the commands end with 0 and leave what the page says."""
    page = (ROOT / "docs" / "start.md").read_text(encoding="utf-8")
    commands = [line for block in re.findall(r"```console\n(.+?)```", page, re.DOTALL) for line in block.splitlines()]
    assert len(commands) >= 8
    for command in commands:
        _typed(command, tmp_path)
    assert (tmp_path / "outbox" / "hello.txt").read_text() == "Order more tea\nThank the night shift\n"


def test_the_bot_of_the_readme_works(tmp_path: Path) -> None:
    """The bot as printed, put in place of the written one, runs twice and sends each line once."""
    (code,) = re.findall(r"```python\n(.+?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    _typed("understudy new hello", tmp_path)
    (tmp_path / "bots" / "hello" / "bot.py").write_text(code, encoding="utf-8")
    _typed("understudy run hello", tmp_path)
    _typed("understudy run hello", tmp_path)
    assert (tmp_path / "bots" / "hello" / "outbox.txt").read_text() == "order more  tea\nthank the night shift\n"


def test_every_link_leads_somewhere() -> None:
    """No link of the README or of docs/ points to a page that is not there."""
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    dead = [
        f"{page.relative_to(ROOT)}: {link}"
        for page in pages
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        if not (page.parent / link).exists()
    ]
    assert dead == []


def _typed(command: str, folder: Path) -> None:
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        command.split(), cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, f"{command}: {done.stdout}\n{done.stderr}"
