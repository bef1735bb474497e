"""The command line as a whole: help, mistyped words, and how light it is."""

import subprocess
import sys
from importlib import import_module

import pytest
import typer

from understudy.commands import COMMANDS
from understudy.main import run


def test_the_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    """Every subcommand stands in the help with its sentence."""
    assert run(["--help"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    for name, command in COMMANDS.items():
        assert name in out
        assert command.sentence in out


@pytest.mark.parametrize("name", COMMANDS)
def test_each_sentence_is_the_commands_own(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What the list says of a command is the first sentence of its own help."""
    assert run([name, "--help"]) == 0
    assert COMMANDS[name].sentence.rstrip(".") in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("words", [["runn"], ["run"], ["run", "x", "--fast"], ["review"], []])
def test_mistyped_words_end_with_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be understood is told with the usage, and nothing is done."""
    assert run(words) == 2
    heard = capsys.readouterr()
    assert "Usage" in heard.err + heard.out


def test_commands_are_light_until_they_work() -> None:
    """The help and every command's file load without the store, the reader and the browser."""
    modules = ", ".join(repr(command.module) for command in COMMANDS.values())
    program = (
        f"import sys, importlib\nimport understudy.main\nfor name in ({modules},): importlib.import_module(name)\n"
        "heavy = {'sqlalchemy', 'pydantic', 'playwright', 'rich', 'loguru', 'pypdfium2', 'cryptography'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_command_is_built_the_same_way() -> None:
    """Each file has one Typer application, named `app`, that prints no tracebacks of its own."""
    for command in COMMANDS.values():
        app = import_module(command.module).app
        assert isinstance(app, typer.Typer)
        assert app.pretty_exceptions_enable is False


def test_the_module_is_the_command() -> None:
    """`python -m understudy.main` is the same program."""
    command = [sys.executable, "-m", "understudy.main", "--help"]
    assert "Usage: understudy" in subprocess.run(command, capture_output=True, text=True, check=True).stdout
