"""A measurement is a process of its own, so that none pays for what another has loaded, opened or warmed up."""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


class Spent:
    """The seconds that a stretch of work took in this process and in the processes it started and saw end."""

    computing = 0.0
    clock = 0.0


@contextmanager
def spending() -> Iterator[Spent]:
    """Measure what is inside; read the result afterwards."""
    spent, began, before = Spent(), time.perf_counter(), _computed()
    yield spent
    spent.computing, spent.clock = _computed() - before, time.perf_counter() - began


def _computed() -> float:
    of = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in of)


def start(module: str, **options: Any) -> subprocess.Popen[str]:
    """Start `python -m benchmarks.engine.MODULE` with its options as one JSON object."""
    command = [sys.executable, "-m", f"benchmarks.engine.{module}", json.dumps(options)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def answer(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Wait for a measurement and return what it printed last; raise when it failed."""
    printed, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(f"a measurement ended with {process.returncode}; its reason is above")
    told: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return told


def measure(module: str, **options: Any) -> dict[str, Any]:
    """Run one measurement and return what it tells."""
    return answer(start(module, **options))


def options() -> dict[str, Any]:
    """Return what this measurement was started with."""
    given: dict[str, Any] = json.loads(sys.argv[1])
    return given


def tell(**told: Any) -> None:
    """Print what was measured, for `measure`."""
    print(json.dumps(told))
