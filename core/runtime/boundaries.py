"""The places where a crash matters: named, so that a rehearsal can learn them and kill the process at each."""

import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path

VARIABLE = "UNDERSTUDY_KILL_AT"  # "<number>" or "<number>:<file that lists the boundaries reached>"
NAMED = "UNDERSTUDY_KILL_NAMED"  # the number counts only the boundaries of this name


class Boundaries:
    """Counts the boundaries reached; `reach` is called right at each of them."""

    def __init__(self, *, kill_at: int | None = None, named: str | None = None, log: Path | None = None) -> None:
        self._kill_at = kill_at
        self._named = named
        self._log = log
        self._reached = 0
        self._counted = 0  # of those reached, the ones that `kill_at` counts

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Boundaries":
        """Return boundaries that do nothing, unless a rehearsal asks for a crash at one of them."""
        number, _, log = environment.get(VARIABLE, "").partition(":")
        return cls(
            kill_at=int(number) if number else None,
            named=environment.get(NAMED) or None,
            log=Path(log) if log else None,
        )

    def reach(self, name: str) -> None:
        """Note the boundary; in a rehearsal, die here without any clean-up, as in a power cut."""
        if self._kill_at is None and self._log is None:
            return
        self._reached += 1
        if self._log is not None:
            with self._log.open("a", encoding="utf-8") as lines:
                lines.write(f"{self._reached} {name}\n")
        if self._named in (None, name):
            self._counted += 1
            if self._counted == self._kill_at:
                _die()


_die: Callable[[], None] = lambda: os.kill(os.getpid(), signal.SIGKILL)  # noqa: E731
