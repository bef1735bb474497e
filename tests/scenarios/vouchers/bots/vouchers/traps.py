"""Traps: what befalls the first process that comes to a place, set from outside as a file `traps/PLACE NUMBER`.

The file says KILL, STOP (both by signal) or WAIT (until the file `traps/open` is there). A trap that was sprung is
renamed to `traps/sprung PLACE NUMBER` and holds the process's id.
"""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "traps"
CREW = FOLDER / "crew"  # one file per process of the crew that has arrived
PATIENCE = 120  # seconds


def come_to(place: str) -> None:
    """Pass the place, or fall into a trap set there; one process falls into each."""
    for trap in sorted(FOLDER.glob(f"{place} *")):
        if (what := _taken(trap)) is not None:
            _befall(what)
            return


def meet() -> None:
    """Wait until the whole crew has arrived, when UNDERSTUDY_CREW says how many they are."""
    crew = int(os.environ.get("UNDERSTUDY_CREW", "0"))
    if crew:
        CREW.mkdir(parents=True, exist_ok=True)
        (CREW / str(os.getpid())).touch()
        _until(lambda: len(list(CREW.iterdir())) >= crew)


def _taken(trap: Path) -> str | None:
    mine = trap.with_name(f"taken {os.getpid()} {trap.name}")
    try:
        trap.rename(mine)
    except FileNotFoundError:
        return None  # another process was faster
    what = mine.read_text(encoding="utf-8")
    mine.write_text(str(os.getpid()), encoding="utf-8")
    mine.rename(trap.with_name(f"sprung {trap.name}"))
    return what


def _befall(what: str) -> None:
    if what == "WAIT":
        _until((FOLDER / "open").exists)
    else:
        os.kill(os.getpid(), signal.Signals[f"SIG{what}"])


def _until(there: Callable[[], bool]) -> None:
    given_up = time.monotonic() + PATIENCE
    while not there():
        if time.monotonic() > given_up:
            raise TimeoutError("nobody came")
        time.sleep(0.01)
