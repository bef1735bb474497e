"""`python -m tests.scenarios.ten_minutes`: `understudy up` for real, while its parts are killed and mail goes away.

Two bots are due every minute. A worker and the scheduler are killed, the scheduler stands still for a while with mail
working and again with mail gone. At the end everything must have been noticed in the time that bots.toml gives,
every minute must have had its run, once, and nothing may be left running. Ends with 1 when a promise is broken.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.receivers import PostOffice, post_office
from tests.understudy.test_up import Up, command, processes

SILENT = 20  # seconds without a sign of the scheduler until it is told
SLACK = 15  # seconds beyond what bots.toml says, for a busy machine

BOT = '''
"""Writes the minute it is into an outbox, once."""

from pathlib import Path

from understudy import Absent, Bot, Found, NewItem

bot = Bot("NAME")
OUTBOX = Path(__file__).parents[2] / "NAME.txt"


@bot.collect
def collect(ctx):
    return [NewItem(reference=f"{ctx.now:%Y-%m-%dT%H:%M}")]


@bot.process
def process(item, ctx):
    return ctx.effect("send", key=item.reference, plan=item.reference, find=find, do=send, target="outbox")


def find(line: str):
    return Found(line) if OUTBOX.exists() and line in OUTBOX.read_text().splitlines() else Absent()


def send(line: str) -> str:
    with OUTBOX.open("a") as outbox:
        outbox.write(line + "\\n")
    return line
'''

TOML = """
[installation]
name = "Harbour Office"
profile = "test"

[targets.outbox]
profile = "test"
simulator = true
settle = "10ms"

[health]
listen = "127.0.0.1:0"

[alerts]
to = ["operators@harbour.example"]
look = "1s"
group = "0s"
again = "10m"
scheduler_silent = "{silent}s"
start_grace = "50s"
disk_free = "1MB"

[alerts.channels.mail]
kind = "smtp"
host = "127.0.0.1"
port = {port}
security = "none"
sender = "bots@harbour.example"
timeout = "2s"

[bots.day]
mode = "auto"
targets = ["outbox"]
linger = "5s"
[bots.day.schedules.minute]
every = "1m"
catch_up = "each"

[bots.night]
mode = "auto"
targets = ["outbox"]
linger = "5s"
[bots.night.schedules.minute]
cron = "* * * * *"
catch_up = "each"
"""


class Watched:
    """The installation, its mail, and what was promised and not held."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.office = PostOffice()
        self.broken: list[str] = []
        self.began = time.monotonic()
        self._mail = ExitStack()
        self.open(0)
        (folder / "bots.toml").write_text(TOML.format(port=self.office.port, silent=SILENT))
        for name in ("day", "night"):
            (folder / "bots" / name).mkdir(parents=True)
            (folder / "bots" / name / "bot.py").write_text(BOT.replace("NAME", name))

    def open(self, port: int) -> None:
        """Let the mail server take mail."""
        self._mail.enter_context(post_office(self.office, port=port))

    def close(self) -> None:
        """Let it go away."""
        self._mail.close()

    def tell(self, what: str) -> None:
        """Say what happens."""
        print(f"{time.monotonic() - self.began:6.1f} s  {what}", flush=True)

    def promise(self, held: bool, what: str) -> None:
        """Say whether a promise was held."""
        self.tell(f"{'held' if held else 'BROKEN'}: {what}")
        if not held:
            self.broken.append(what)

    def within(self, seconds: float, condition: Callable[[], bool], what: str) -> None:
        """Wait for something that was promised within a time."""
        start = time.monotonic()
        while not condition() and time.monotonic() - start < seconds:
            time.sleep(0.1)
        taken = time.monotonic() - start
        self.promise(condition(), f"{what} (after {taken:.1f} s of {seconds:g})")

    def part(self, name: str) -> int:
        """Return the process of a part of `up`; 0 while there is none."""
        return next((pid for pid, what in processes(self.folder).items() if what == name), 0)

    def mailed(self, words: str) -> int:
        """Return how many mails have these words in their subject."""
        return sum(words in str(mail["Subject"]) for mail in self.office.mails)

    def asked(self, *words: str) -> list[dict[str, object]]:
        """Return what a command of the installation says as JSON."""
        done = subprocess.run(command(self.folder, *words, "--json"), capture_output=True, text=True, check=True)
        read: list[dict[str, object]] = json.loads(done.stdout)
        return read


def killed(watched: Watched, name: str) -> None:
    """Kill a part and see another take its place."""
    pid = watched.part(name)
    watched.tell(f"kill -9 of the {name}, process {pid}")
    os.kill(pid, signal.SIGKILL)
    watched.within(SLACK, lambda: watched.part(name) not in (0, pid), f"another {name} runs")


def stands_still(watched: Watched, *, mail: bool) -> None:
    """Stop the scheduler for a while; people are told, at once or as soon as mail is back."""
    pid, before = watched.part("scheduler"), watched.mailed("no scheduler gives a sign")
    if not mail:
        watched.close()
        watched.tell("the mail server goes away")
    watched.tell(f"the scheduler, process {pid}, stands still")
    os.kill(pid, signal.SIGSTOP)

    def told() -> bool:
        return watched.mailed("no scheduler gives a sign") > before

    if mail:
        watched.within(SILENT + SLACK, told, "its silence is told by mail")
    else:
        time.sleep(SILENT + SLACK)
        watched.promise(not told(), "nothing can be told without mail")
        watched.open(watched.office.port)
        watched.tell("the mail server is back")
        watched.within(60, told, "what could not be told is told")
    if watched.part("scheduler") == pid:
        os.kill(pid, signal.SIGCONT)
        watched.tell("the scheduler goes on")
    watched.within(SILENT + SLACK, lambda: watched.part("scheduler") != 0, "a scheduler runs")


def judge(watched: Watched, began: datetime, ended: datetime) -> None:
    """Hold what is stored against the minutes that went by."""
    minutes = _minutes(began, ended)
    for bot in ("day", "night"):
        history = watched.asked("schedule", "history", bot, "--most", "1000")
        slots = Counter(str(one["due"])[:16] for one in history)
        missing = [minute for minute in minutes if slots[minute] == 0]
        watched.promise(missing == [], f"{bot}: each of {len(minutes)} minutes has its occurrence; missing: {missing}")
        watched.promise(max(slots.values()) == 1, f"{bot}: no minute has two")
        bad = [one for one in history if one["state"] not in ("ended",) or one["exit_code"] != 0]
        watched.promise(len(bad) <= 1, f"{bot}: every run ended green, but for one that SIGTERM may have met: {bad}")
        lines = (watched.folder / f"{bot}.txt").read_text().splitlines()
        watched.promise(len(lines) == len(set(lines)) > 0, f"{bot}: {len(lines)} entries, none twice")
    trail = subprocess.run(command(watched.folder, "trail", "verify"), capture_output=True, text=True, check=False)
    watched.promise(trail.returncode == 0, f"the trail is whole: {trail.stdout.splitlines()[:1]}")


def _minutes(began: datetime, ended: datetime) -> list[str]:
    """Return the whole minutes between two instants, without the first and the last."""
    first = began.replace(second=0, microsecond=0) + timedelta(minutes=2)
    number = int((ended - first) / timedelta(minutes=1))
    return [f"{first + step * timedelta(minutes=1):%Y-%m-%dT%H:%M}" for step in range(number)]


def play(folder: Path, *, minutes: float) -> list[str]:
    """Run it for so long; return the promises that were not held."""
    watched = Watched(folder)
    with closing(watched):
        running = Up(folder, "--workers", "1")
        began = datetime.now(UTC)
        try:
            watched.within(60, running.ready, "everything is ready")
            until = time.monotonic() + minutes * 60
            for step in (
                lambda: killed(watched, "worker"),
                lambda: killed(watched, "scheduler"),
                lambda: stands_still(watched, mail=True),
                lambda: killed(watched, "watch"),
                lambda: stands_still(watched, mail=False),
                lambda: killed(watched, "worker"),
            ):
                step()
                time.sleep(max(0.0, min(minutes * 60 / 8, until - time.monotonic())))
            time.sleep(max(0.0, until - time.monotonic()))
            watched.within(90, running.ready, "everything is ready again")
            ended = datetime.now(UTC)
        finally:
            running.process.send_signal(signal.SIGTERM)
            code = running.process.wait(timeout=180)
        watched.promise(code == 0, f"SIGTERM ends it in good order: {code}")
        watched.promise(processes(folder) == {}, "nothing is left running")
        judge(watched, began, ended)
        for mail in watched.office.mails:
            watched.tell(f"mail: {mail['Subject']}".replace("\n", ""))
        return watched.broken


def main() -> int:
    """Play, and say what was not held."""
    parser = ArgumentParser(prog="python -m tests.scenarios.ten_minutes")
    parser.add_argument("--minutes", type=float, default=10.0)
    with tempfile.TemporaryDirectory() as folder:
        broken = play(Path(folder), minutes=parser.parse_args().minutes)
    print("\n".join(["", *(f"BROKEN: {one}" for one in broken)]) if broken else "\nEvery promise was held.")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
