"""docs/reference/commands.md is what the program says of itself."""

from core.model.runs import ExitCode
from tests.docs.commands_page import MEANINGS, PAGE, page


def test_the_page_is_up_to_date() -> None:
    """Commands, arguments, options and their sentences are those of the program."""
    told = PAGE.read_text(encoding="utf-8")
    assert told == page().rstrip("\n") + "\n", "type: python -m tests.docs.commands_page"


def test_every_exit_code_has_a_meaning() -> None:
    """No exit code is left unexplained."""
    assert MEANINGS.keys() == set(ExitCode)
