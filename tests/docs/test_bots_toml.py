"""docs/reference/bots-toml.md has every key with its default, and no key that is gone."""

import json
import re
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from typing import get_origin

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from core.config import BotsToml
from core.config.tables import PARTS, OverridesFile
from core.durations import parse_duration
from tests.architecture.source import ROOT

PAGE = (ROOT / "docs" / "reference" / "bots-toml.md").read_text(encoding="utf-8")


def tables(of: type[BaseModel] = BotsToml, path: str = "") -> Iterator[tuple[str, type[BaseModel]]]:
    """Yield every table as it is written in the file, those inside others too, with its model."""
    for (parent, key), model in PARTS.items():
        if parent is of:
            named = ".NAME" if get_origin(parent.model_fields[key].annotation) is dict else ""
            yield f"[{path}{key}{named}]", model
            yield from tables(model, f"{path}{key}{named}.")


TABLES = dict(tables())


def test_every_table_has_a_chapter() -> None:
    """Each table of the file is described, those inside others too."""
    chapters = set(re.findall(r"^## (\[.+\])$", PAGE, re.MULTILINE))
    assert chapters >= TABLES.keys()
    assert {name.strip("[]").partition(".")[0] for name in chapters} == BotsToml.model_fields.keys()


@pytest.mark.parametrize("chapter", TABLES)
def test_the_keys_are_those_of_the_program(chapter: str) -> None:
    """The chapter lists exactly the keys that are allowed, with the value each has when it is left out."""
    rows = dict(re.findall(r"^\| `(\w+)` \|.*\| (.+?) \|$", _chapter(chapter), re.MULTILINE))
    model = TABLES[chapter]
    assert rows.keys() == model.model_fields.keys()
    for key, info in model.model_fields.items():
        assert _same(rows[key], info), (key, rows[key])


def test_the_example_of_an_override_file_shows_every_key() -> None:
    """What the page shows is read as it stands, and leaves nothing out."""
    (example,) = (text for text in re.findall(r"```toml\n(.+?)```", PAGE, re.DOTALL) if "[[holiday]]" in text)
    shown = OverridesFile.model_validate(tomllib.loads(example))
    assert shown.model_fields_set == OverridesFile.model_fields.keys()


def _chapter(name: str) -> str:
    return PAGE.split(f"## {name}\n", 1)[1].split("\n## ", 1)[0]


def _same(written: str, info: FieldInfo) -> bool:
    if info.is_required():
        return written == "must be given"
    default = info.get_default(call_default_factory=True)
    if not default and default is not False:
        return written.startswith("none")
    text = written.strip("`").strip('"')
    if isinstance(default, timedelta):
        return bool(parse_duration(text) == default)
    if isinstance(default, tuple):
        return text == json.dumps(list(default))
    return text == str(default).lower() if isinstance(default, bool) else text == str(default)
