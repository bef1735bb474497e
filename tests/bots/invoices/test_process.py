"""The process definition, the checks and the page for readers say the same."""

import re
import tomllib
from pathlib import Path

from bots.invoices.checks import accounts_payable
from bots.invoices.settings import Settings
from core.registry import read_process

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "bots" / "invoices.md").read_text(encoding="utf-8")
WAIVED = {0: "nobody", 1: "one person", 2: "two people"}


def test_process_and_checks_have_the_same_codes_and_sources() -> None:
    """What the staff signed off is what is checked."""
    process = read_process(ROOT / "bots" / "invoices")
    assert process is not None
    signed = {check.code: check.source for check in process.checks}
    assert signed == {rule.code: rule.source for rule in accounts_payable.rules}


def test_the_page_names_every_check_and_who_may_waive_it() -> None:
    """The table of the checks is complete, in the pack's codes, and right about waiving."""
    told = dict(re.findall(r"^\| ([A-Z_]+) \|[^|]+\| ([^|:;]+?)\s*[|:;]", PAGE, re.MULTILINE))
    assert told == {rule.code: WAIVED[rule.waivable.people] for rule in accounts_payable.rules}


def test_the_page_names_every_setting() -> None:
    """Each setting stands in the table of settings, and nothing else does."""
    table = PAGE.partition("## Settings")[2].partition("## ")[0]
    told = {name.strip() for row in re.findall(r"^\| ([a-z_, ]+) \|", table, re.MULTILINE) for name in row.split(",")}
    assert told - {"key"} == Settings.model_fields.keys()


def test_every_step_of_the_bot_mirrors_one_of_the_process() -> None:
    """Steps, looks and the effect of the bot are named in the process that the staff know."""
    steps = tomllib.loads((ROOT / "bots" / "invoices" / "process.toml").read_text(encoding="utf-8"))["steps"]
    named = " ".join(step["bot"] for step in steps)
    source = (ROOT / "bots" / "invoices" / "bot.py").read_text(encoding="utf-8")
    calls = re.findall(r'ctx\.(step|look|effect)\(\s*"(\w+)"', source)
    assert calls
    assert [f"{kind} {name}" for kind, name in calls if f"{kind} {name}" not in named] == []
