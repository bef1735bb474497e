"""The sample documents beside their accepted twins."""

from pathlib import Path

import pytest

from core.config import read_config
from core.registry import load_bots
from core.testing.twins import FOLDER, Twin, twins

ROOT = Path(__file__).parents[3]
SAMPLES = ROOT / "bots" / "invoices" / FOLDER
LARGEST = 60_000  # bytes of a sample


@pytest.fixture(scope="module")
def found() -> dict[str, Twin]:
    """Every twin by the name of its file, as the installation's bot reads its samples now."""
    bot = load_bots(read_config(ROOT, environment={}), names=["invoices"])["invoices"]
    return {twin.path.stem: twin for twin in twins(bot, SAMPLES)}


@pytest.mark.parametrize("name", sorted({path.stem for path in SAMPLES.iterdir() if path.is_file()}))
def test_a_sample_is_read_as_it_was_accepted(name: str, found: dict[str, Twin]) -> None:
    """The result is the accepted one; when it is better, `understudy accept invoices` shows and accepts it."""
    assert found[name].difference == ""


def test_the_samples_are_small() -> None:
    """No sample is larger than it needs to be."""
    assert {path.name: path.stat().st_size for path in SAMPLES.iterdir() if path.stat().st_size > LARGEST} == {}
