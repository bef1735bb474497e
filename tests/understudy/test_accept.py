"""`understudy accept`."""

import shutil
from pathlib import Path

import pytest

from tests.understudy.conftest import Desk

ROOT = Path(__file__).parents[2]


@pytest.fixture
def office(empty: Desk) -> Desk:
    """The command line on an installation of its own with the invoices bot and one sample, nothing accepted."""
    for name in ("bots.toml", "targets"):
        (empty.folder / name).symlink_to(ROOT / name)
    bot = empty.folder / "bots" / "invoices"
    shutil.copytree(ROOT / "bots" / "invoices", bot, ignore=shutil.ignore_patterns("samples", "__pycache__"))
    (bot / "samples").mkdir()
    shutil.copy(ROOT / "bots" / "invoices" / "samples" / "ruled-table.pdf", bot / "samples")
    return empty


def twin(office: Desk) -> Path:
    """The sample's twin."""
    return office.folder / "bots" / "invoices" / "samples" / "ruled-table.json"


def test_a_new_sample_is_shown_and_accepted(office: Desk) -> None:
    """The whole result is shown as new, written down with --yes, and is no difference any more."""
    said = office.type("accept", "invoices", "--yes")
    assert said.code == 0
    assert "Tarnbeck Medical Supplies Ltd" in said.out
    assert "Accepted 1 results." in said.out
    assert "Nothing has changed in 1 samples" in office.type("accept", "invoices").out


def test_nothing_is_accepted_unless_somebody_agrees(office: Desk) -> None:
    """Without an answer, as in a script, nothing is written and the command does not end well."""
    said = office.type("accept", "invoices")
    assert said.code != 0
    assert not twin(office).exists()


def test_only_what_changed_is_shown(office: Desk) -> None:
    """A value that is read otherwise stands there as it was and as it is."""
    office.type("accept", "invoices", "--yes")
    accepted = twin(office).read_text(encoding="utf-8")
    twin(office).write_text(accepted.replace("129.48", "129.84"), encoding="utf-8")
    said = office.type("accept", "invoices", "--yes")
    changed = [" ".join(line.split()) for line in said.out.splitlines() if line.startswith(("+", "-"))]
    assert '- "value": "129.84",' in changed
    assert '+ "value": "129.48",' in changed
    assert "Tarnbeck" not in said.out
    assert twin(office).read_text(encoding="utf-8") == accepted


def test_a_twin_without_its_sample_is_removed(office: Desk) -> None:
    """What was accepted for a document that is gone goes too, once somebody agrees."""
    left = twin(office).with_name("gone.json")
    left.write_text("{}", encoding="utf-8")
    said = office.type("accept", "invoices", "--yes")
    assert "gone.json, whose sample is gone" in said.out
    assert not left.exists()


def test_a_bot_without_samples_says_so(office: Desk) -> None:
    """There is nothing to accept where there is no document."""
    shutil.rmtree(twin(office).parent)
    said = office.type("accept", "invoices")
    assert said.code == 50
    assert "has no sample documents" in said.err
