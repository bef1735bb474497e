"""docs/reference/health.md has every figure with its labels, every page and every part, and none that is gone."""

import re
from pathlib import Path

from audit.keys import Keyring
from core.clock import Clock
from core.health.beat import Beat
from core.health.measured import Measured
from core.health.metrics import Supervised, families
from core.health.pages import pages_for
from core.health.readiness import Around, look_around, parts_of
from core.store import Database
from core.testing.stage import NOON
from tests.architecture.source import ROOT

PAGE = (ROOT / "docs" / "reference" / "health.md").read_text(encoding="utf-8")
NOTHING = Measured(
    at=NOON,
    bots=(),
    targets=(),
    items={},
    attempts={},
    doubts={},
    cases={},
    ready={},
    bots_held=frozenset(),
    targets_held=frozenset(),
    in_a_row={},
    last_runs={},
    late={},
    overdue={},
    unsealed=0,
    checkpoint=None,
    verified=None,
    signs={"scheduler": None, "watch": None},
)


def test_every_figure_has_an_entry_with_its_labels() -> None:
    """What is told and what the page explains are the same figures."""
    listed = re.findall(r"^\| `(understudy_\w+)` \|([^|]*)\|", PAGE, re.MULTILINE)
    assert len(listed) == len(dict(listed)), "a figure stands twice"
    told = {
        family.name: ", ".join(family.labels)
        for family in families(NOTHING, free=1, supervised=Supervised(running=1, restarts=0))
    }
    assert {name: labels.strip() for name, labels in listed} == told


def test_the_rules_shown_name_figures_that_are_told() -> None:
    """No example asks for a figure that is gone."""
    told = {family.name for family in families(NOTHING, free=1)}
    rules = "".join(re.findall(r"```yaml\n(.+?)```", PAGE, re.DOTALL))
    assert set(re.findall(r"understudy_\w+", rules)) <= told


def test_every_page_and_every_part_has_an_entry(tmp_path: Path) -> None:
    """The tables list them as they are served."""
    served = pages_for(turned=lambda: 0, parts=list, metrics=lambda accept: (b"", ""))
    assert re.findall(r"^\| `(/\w+)` \|", PAGE, re.MULTILINE) == list(served)
    chapter = PAGE.split("## Parts of `/readyz`\n", 1)[1].split("\n## ", 1)[0]
    database = Database.open("sqlite://", clock=Clock())
    around = Around(var=tmp_path, keys=lambda: Keyring.open(tmp_path), probe_evidence=lambda: None, database=database)
    parts = [*parts_of(Beat(at=NOON, since=NOON), age=0), *look_around(around)]
    database.close()
    assert re.findall(r"^\| `(\w+)` \|", chapter, re.MULTILINE) == [part.part for part in parts]
