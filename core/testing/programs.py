"""Programs in processes of their own, run to their end.

What they print goes to files, not pipes: one that is killed leaves a browser or a simulator behind for a moment, and a
pipe's end comes only when they have gone too.
"""

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a program ended."""

    code: int  # exit code; negative: the signal that killed it
    out: str
    errors: str


class Program:
    """A program that was started. As a context manager it does not outlive the block."""

    def __init__(self, command: Sequence[str], *, folder: Path, environment: Mapping[str, str]) -> None:
        self._out = TemporaryFile()  # noqa: SIM115 -- closed by `ended`, or at the end of the block
        self._errors = TemporaryFile()  # noqa: SIM115
        self.process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=self._out, stderr=self._errors
        )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    def kill(self) -> None:
        """End it with SIGKILL."""
        self.process.kill()

    def ended(self, most: float) -> Ended:
        """Wait for its end, `most` seconds; kill it then and raise subprocess.TimeoutExpired. To be called once."""
        try:
            code = self.process.wait(most)
        except subprocess.TimeoutExpired as error:
            self._end()
            error.add_note(f"it printed: {_taken(self._out)}{_taken(self._errors)}")
            raise
        return Ended(code=code, out=_taken(self._out), errors=_taken(self._errors))

    def _end(self) -> None:
        self.process.kill()
        self.process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()
        self._out.close()
        self._errors.close()


def run(command: Sequence[str], *, folder: Path, environment: Mapping[str, str], most: float) -> Ended:
    """Run a program to its end; raise subprocess.TimeoutExpired when that takes more than `most` seconds."""
    with Program(command, folder=folder, environment=environment) as program:
        return program.ended(most)


def _taken(file: IO[bytes]) -> str:
    with file:
        file.seek(0)
        return file.read().decode(errors="replace")
