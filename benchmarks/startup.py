"""What it costs to start: computing time of an empty run and of `--help`, each a process of its own.

An empty run is that of the bot which `understudy new` writes, when all its items are known. Beside them stands, in the
same rounds, a process that only imports the three largest libraries: the machine's speed, and most of the bill. The
best of several rounds counts. Bytecode is kept for the time of the measurement, as an installed program has it.
"""

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks import Bars

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 9
EMPTY_RUN = 0.4  # seconds
HELP = 0.2

_PROGRAM = (sys.executable, "-m", "understudy.main")
_COMMANDS: Mapping[str, Sequence[str]] = {
    "the libraries": (sys.executable, "-c", "import sqlalchemy, pydantic, typer"),
    "an empty run": (*_PROGRAM, "run", "hello"),
    "status": (*_PROGRAM, "status"),
    "--help": (*_PROGRAM, "--help"),
}


def main() -> int:
    """Measure and print; 1 when a bar is missed."""
    with tempfile.TemporaryDirectory() as name:
        best = measure(Path(name))
    libraries = best["the libraries"]
    for what, seconds in best.items():
        print(f"{what:<14} {1000 * seconds:5.0f} ms computing, {seconds / libraries:.2f} times the libraries alone")
    bars = Bars()
    bars.at_most("start: computing time of an empty run", best["an empty run"], EMPTY_RUN, "s")
    bars.at_most("start: computing time of --help", best["--help"], HELP, "s")
    return bars.code


def measure(folder: Path) -> dict[str, float]:
    """Return the least computing time of each command, in seconds, the commands taking turns."""
    installation = folder / "installation"
    installation.mkdir()
    environment = _environment(bytecode=folder / "bytecode")
    for arguments in (("new", "hello"), ("run", "hello")):
        computing((*_PROGRAM, *arguments), installation, environment)
    for command in _COMMANDS.values():
        computing(command, installation, environment)  # writes the bytecode that is still missing
    rounds = [
        {what: computing(command, installation, environment) for what, command in _COMMANDS.items()}
        for _ in range(ROUNDS)
    ]
    return {what: min(measured[what] for measured in rounds) for what in _COMMANDS}


def computing(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> float:
    """Run a command to its end and return the computing time of its process, in seconds."""
    before = _children()
    subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
    return _children() - before


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _environment(*, bytecode: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(bytecode), "PYTHONPATH": str(ROOT)}


if __name__ == "__main__":
    sys.exit(main())
