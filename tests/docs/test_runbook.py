"""docs/runbook.md has an entry for every alert, and what it says to type exists."""

import re
import shlex
from importlib import import_module

import pytest
import typer.main

from core.model.notices import Alert
from tests.architecture.source import ROOT
from understudy.commands import COMMANDS
from understudy.main import PROGRAM

PAGE = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
ENTRIES = dict(re.findall(r"^## ([A-Z_]+)\n(.+?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
TYPED = sorted(
    {line for block in re.findall(r"```console\n(.+?)```", PAGE, re.DOTALL) for line in block.splitlines()}
    | {line for alert in Alert for line in alert.typed}
    | set(re.findall(r"`(understudy [^`]+)`", PAGE.replace("\n", " ")))
)


def test_every_alert_has_its_entry_and_every_entry_its_alert() -> None:
    """What can wake somebody and what the page explains are the same."""
    assert list(ENTRIES) == [alert.value for alert in Alert]


@pytest.mark.parametrize("alert", Alert)
def test_an_entry_says_what_the_message_says_and_more(alert: Alert) -> None:
    """What it means, what is safe, how grave it is and what to type are those of the message; then comes more."""
    entry = " ".join(ENTRIES[alert.value].split())
    for said in (alert.means, alert.safe, f"*{alert.severity.capitalize()}.*", "What is safe", "What to type"):
        assert said in entry
    typed = re.findall(r"```console\n(.+?)```", ENTRIES[alert.value], re.DOTALL)
    assert typed[0].splitlines() == list(alert.typed)
    assert len(ENTRIES[alert.value].rpartition("```")[2].split()) > 10, "an entry helps on when the commands do not"


@pytest.mark.parametrize("line", TYPED)
def test_what_is_to_be_typed_exists(line: str) -> None:
    """The command, its subcommand, every option, and as many arguments as it takes."""
    program, name, *words = shlex.split(line)
    assert program == PROGRAM, "an operator types commands of ours; others stand in the text"
    found = typer.main.get_command(import_module(COMMANDS[name].module).app)
    subcommands = getattr(found, "commands", None)
    command = subcommands[words.pop(0)] if subcommands else found
    options = {option: one for one in command.params for option in one.opts if option.startswith("-")}
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    given = 0
    while words:
        word = words.pop(0)
        if not word.startswith("-"):
            given += 1
        elif not options[word].is_flag:
            words.pop(0)
    assert sum(one.required for one in arguments) <= given <= len(arguments)


def test_a_placeholder_is_one_that_is_put_in() -> None:
    """In a message no word in capitals is left for somebody to guess, where the alert is about one thing."""
    known = {"BOT", "TARGET", "SCHEDULE", "SCOPE", "NAME", "NUMBER"}
    words = {word for line in TYPED for word in line.split() if word.isupper()}
    assert words <= known
