"""Starts and stops a simulator as the separate process it is, and talks to it as an outsider."""

import contextlib
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STOP_SECONDS = 20.0  # then it is killed; its state is in its file


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A simulator that answers."""

    name: str
    url: str
    pid: int
    db: Path

    def faults(self, *specs: str) -> None:
        """Put these faults in force, and no others; none: all is well."""
        request = urllib.request.Request(
            f"{self.url}/__faults",
            data=json.dumps(specs).encode(),
            headers={"Content-Type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=10).close()

    def snapshot(self, *, times: bool = False) -> dict[str, Any]:
        """Return the business state, as its own command prints it."""
        extra = ["--times"] if times else []
        return dict(json.loads(run(self.name, "snapshot", "--db", str(self.db), "--json", *extra)))


def run(name: str, *arguments: str) -> str:
    """Run one command of the contract to its end and return what it printed; raise when it failed."""
    command = [sys.executable, "-m", f"simulators.{name}", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


@contextlib.contextmanager
def running(
    name: str,
    db: Path,
    *,
    seed: int = 1,
    data: Path | None = None,
    faults: Sequence[str] = (),
    options: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> Iterator[Running]:
    """Serve the simulator on a free port until the block ends; `options` are further ones of its `serve`."""
    command = [sys.executable, "-m", f"simulators.{name}", "serve", "--db", str(db), "--seed", str(seed)]
    command += ["--with-parent", *options]
    if data is not None:
        command += ["--data", str(data)]
    if faults:
        command += ["--faults", *faults]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            if not line:
                raise RuntimeError(f"simulator {name!r} did not start; its reason is above")
            ready = json.loads(line)
            yield Running(name=name, url=ready["url"], pid=ready["pid"], db=db)
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
