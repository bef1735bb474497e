"""docs/reference/bots-toml.md has every key with its default, and no key that is gone."""

import re
from datetime import timedelta

import pytest
from pydantic import BaseModel

from core.config import BotsToml, BotTable, InstallationTable, TargetTable
from core.durations import parse_duration
from tests.architecture.source import ROOT

PAGE = (ROOT / "docs" / "reference" / "bots-toml.md").read_text(encoding="utf-8")
TABLES = {"[installation]": InstallationTable, "[targets.NAME]": TargetTable, "[bots.NAME]": BotTable}


def test_every_table_has_a_chapter() -> None:
    """Each table of the file is described."""
    chapters = {name.strip("[]").partition(".")[0] for name in re.findall(r"^## (\[.+\])$", PAGE, re.MULTILINE)}
    assert chapters == BotsToml.model_fields.keys()


@pytest.mark.parametrize("chapter", TABLES)
def test_the_keys_are_those_of_the_program(chapter: str) -> None:
    """The chapter lists exactly the keys that are allowed, with the value each has when it is left out."""
    rows = dict(re.findall(r"^\| `(\w+)` \|.*\| (.+?) \|$", _chapter(chapter), re.MULTILINE))
    model: type[BaseModel] = TABLES[chapter]
    assert rows.keys() == model.model_fields.keys()
    for key, info in model.model_fields.items():
        assert _same(rows[key], info.get_default(call_default_factory=True)), (key, rows[key])


def _chapter(name: str) -> str:
    return PAGE.split(f"## {name}\n", 1)[1].split("\n## ", 1)[0]


def _same(written: str, default: object) -> bool:
    if not default and default is not False:
        return written.startswith("none")
    text = written.strip("`").strip('"')
    if isinstance(default, timedelta):
        return bool(parse_duration(text) == default)
    return text == str(default).lower() if isinstance(default, bool) else text == str(default)
