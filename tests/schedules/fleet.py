"""Several schedulers at one store, each a process, on a clock that the test moves."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from core.config import read_config
from core.timing.schedule import Schedule
from tests.architecture.source import ROOT

HERE = Path(__file__).parent
BOTS = """
[installation]
profile = "test"

[targets.ledger]
profile = "test"
simulator = true
open = ["mon-fri 06:00-10:00"]

[targets.portal]
profile = "test"
simulator = true

[bots.invoices]
targets = ["ledger"]

[bots.invoices.schedules.morning]
workdays = "07:30"
catch_up = "{policy}"

[bots.orders]
targets = ["portal"]

[bots.orders.schedules.early]
days = "06:15"
catch_up = "{policy}"

[bots.orders.schedules.often]
every = "4h"
within = "daily 00:00-24:00"
catch_up = "{policy}"
jitter = "2m"

[bots.stock]
targets = ["portal"]

[bots.stock.schedules.weekly]
weekly = "sat,thu 09:00"
catch_up = "{policy}"

[bots.stock.schedules.close]
month_end = "16:00"
catch_up = "{policy}"
"""


def installation(folder: Path, *, policy: str) -> list[Schedule]:
    """Write the bots.toml of a fleet and return its schedules."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bots.toml").write_text(BOTS.format(policy=policy), encoding="utf-8")
    return list(read_config(folder, environment={}).schedules())


class Fleet:
    """Processes that are told the hour together; use as a context manager."""

    def __init__(self, program: str, *, url: str, folder: Path, number: int = 3) -> None:
        """`program` is a file here; it gets the store's URL, a place of its own, and the installation."""
        self._command = [sys.executable, str(HERE / program), url, str(folder / "shared"), str(folder)]
        self._number = number
        self._members: list[subprocess.Popen[str]] = []
        self.killed: Counter[str] = Counter()  # by boundary

    def __enter__(self) -> Self:
        self.up()
        return self

    def __exit__(self, *error: object) -> None:
        self.down()

    def up(self) -> None:
        """Start what is missing of the fleet; whoever is new takes its first turn with the others."""
        while len(self._members) < self._number:
            environment = os.environ | {"PYTHONPATH": str(ROOT)}
            pipe = subprocess.PIPE
            self._members.append(
                subprocess.Popen(self._command, env=environment, stdin=pipe, stdout=pipe, text=True, bufsize=1)
            )

    def down(self) -> None:
        """Kill them all."""
        for member in self._members:
            member.kill()
            member.communicate()
        self._members.clear()

    def turn(self, now: datetime, *, deadly: str = "") -> None:
        """Tell all of them the hour at once and wait for their answers; the first is to die at a boundary."""
        for number, member in enumerate(self._members):
            assert member.stdin is not None
            member.stdin.write(f"{now.isoformat()} {deadly if number == 0 else ''}".strip() + "\n")
            member.stdin.flush()
        answers = [self._answer(member) for member in self._members]
        died = [member for member, answer in zip(self._members, answers, strict=True) if answer == ""]
        for member in died:
            member.communicate()
            assert member.returncode == -9, "a member ended by itself"
            self._members.remove(member)
            self.killed[deadly] += 1

    def _answer(self, member: "subprocess.Popen[str]") -> str:
        assert member.stdout is not None
        return member.stdout.readline()


def instants(due: Iterable[datetime], *, kills: bool = False) -> list[datetime]:
    """Return the hours to tell: each due time and a little later; with kills, when what a crash left is mended."""
    seconds = (0, 31, 125, 270) if kills else (0, 125)
    return sorted({at + timedelta(seconds=later) for at in due for later in seconds})
