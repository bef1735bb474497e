"""Stand-ins: simulated systems started as processes of their own, for as long as whoever needs them.

Every simulator has one contract (`simulators/command.py`): `serve --db FILE --with-parent` prints one JSON line with
its address when it answers, and ends with the process that started it.
"""

import json
import select
import subprocess
import sys
from pathlib import Path

from core.errors import PortalUnavailable

START_SECONDS = 30.0
STOP_SECONDS = 20.0  # then it is killed; its state is in its file


class StandIns:
    """The stand-ins one process has started; close it to stop them."""

    def __init__(self, folder: Path) -> None:
        """`folder` holds one database file for each stand-in; it outlives the processes."""
        self._folder = folder
        self._running: dict[str, tuple[subprocess.Popen[str], str]] = {}

    def database(self, name: str) -> Path:
        """Return the file that holds the stand-in's state."""
        return self._folder / f"{name}.db"

    def url(self, name: str, *, module: str, data: Path | None = None) -> str:
        """Return the address of a stand-in, starting it when it does not run; raise PortalUnavailable.

        `data` fills one that has no state yet, instead of what it fills itself with.
        """
        running = self._running.get(name)
        if running is not None and running[0].poll() is None:
            return running[1]
        self._folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", module, "serve", "--db", str(self.database(name)), "--with-parent"]
        command += [] if data is None else ["--data", str(data)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        address = self._address(process)
        if address is None:
            process.kill()
            process.wait()
            raise PortalUnavailable(
                f"The stand-in {name} did not start; run `python {' '.join(command[1:])}` to see why."
            )
        self._running[name] = (process, address)
        return address

    def close(self) -> None:
        """Stop every stand-in started here."""
        for process, _ in self._running.values():
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()
        self._running.clear()

    def _address(self, process: subprocess.Popen[str]) -> str | None:
        if process.stdout is None:
            return None
        ready, _, _ = select.select([process.stdout], [], [], START_SECONDS)
        line = process.stdout.readline() if ready else ""
        return str(json.loads(line)["url"]) if line else None
