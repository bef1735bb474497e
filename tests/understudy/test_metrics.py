"""`understudy metrics`: the figures, printed or in a file."""

import sys
from pathlib import Path

import pytest

from tests.understudy.conftest import Desk

pytest.importorskip("prometheus_client")


def test_the_figures_are_printed(desk: Desk) -> None:
    """What the last run has done is in them, and nothing of the case itself."""
    desk.note("n1", "tea")
    desk.type("run", "clerk")
    said = desk.type("metrics")
    assert said.code == 0
    assert 'understudy_items{bot="clerk",state="done"} 1.0' in said.out
    assert 'understudy_last_run_exit_code{bot="clerk"} 0.0' in said.out
    assert "understudy_up_running" not in said.out
    assert "n1" not in said.out


def test_a_file_is_replaced_whole(desk: Desk, tmp_path: Path) -> None:
    """Nothing is printed, nothing else is left in the folder, and others may read it."""
    folder = tmp_path / "collector"
    folder.mkdir()
    file = folder / "understudy.prom"
    file.write_text("old")
    said = desk.type("metrics", "--textfile", str(file))
    assert (said.code, said.out) == (0, "")
    assert file.read_text().startswith("# HELP understudy_build_info")
    assert list(folder.iterdir()) == [file]


@pytest.mark.parametrize("name", ["figures.txt", "nowhere/understudy.prom"])
def test_a_file_the_collector_would_not_read_is_refused(desk: Desk, tmp_path: Path, name: str) -> None:
    """The collector reads .prom files of a folder that is there."""
    said = desk.type("metrics", "--textfile", str(tmp_path / name))
    assert (said.code, "expected a file ending in .prom, in a folder that is there" in said.err) == (50, True)


def test_a_trail_that_was_verified_is_told(desk: Desk) -> None:
    """`understudy trail verify` leaves a sign of when it found the trail whole."""
    desk.type("run", "clerk")
    assert "understudy_trail_verified_timestamp_seconds" not in samples(desk)
    assert desk.type("trail", "verify").code == 0
    assert "understudy_trail_verified_timestamp_seconds" in samples(desk)


def test_without_the_extra_it_is_said_what_to_type(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing else of the program needs it."""
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    said = desk.type("metrics")
    assert (said.code, "pip install 'understudy[metrics]'" in said.err) == (50, True)


def samples(desk: Desk) -> set[str]:
    """Return the names of the figures that have a value."""
    lines = desk.type("metrics").out.splitlines()
    return {line.partition(" ")[0].partition("{")[0] for line in lines if not line.startswith("#")}
