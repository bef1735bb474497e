"""`understudy up` for real, for ten minutes of schedules due every minute, while things are killed, stopped and down.

python -m tests.unattended                 ten minutes; ends with 1 when something was not noticed or not mended
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from core.installation import Installation
from core.store import signs
from core.store import tables as t
from tests.receivers import PostOffice, post_office
from tests.understudy.conftest import BOT, TOML

MINUTE = 60.0
LONG = timedelta(minutes=10)
SILENT = 30.0  # seconds until the watch tells of a scheduler that gives no sign
STILL = 180.0  # seconds until `up` replaces it
UNATTENDED = """
[bots.clerk.schedules.minutely]
every = "1m"
catch_up = "each"

[alerts]
to = ["operators@harbour.example"]
look = "2s"
group = "1s"
start_grace = "30s"
scheduler_silent = "30s"

[alerts.channels.mail]
kind = "smtp"
host = "127.0.0.1"
port = {port}
security = "none"
sender = "understudy@harbour.example"
"""


class Played:
    """The installation while it is played with, and what was found wrong."""

    def __init__(self, folder: Path, office: PostOffice) -> None:
        self.folder = folder
        self.office = office
        self.began = time.monotonic()
        self.wrong: list[str] = []
        self.notes = 0  # documents that came in
        (folder / "bots" / "clerk").mkdir(parents=True)
        (folder / "inbox").mkdir()
        (folder / "bots" / "clerk" / "bot.py").write_text(BOT)
        toml = TOML.replace('linger = "10ms"', 'linger = "30s"') + UNATTENDED.format(port=office.port)
        (folder / "bots.toml").write_text(toml)
        self.place = Installation.open(folder)

    def until(self, minutes: float) -> None:
        """Let time pass; a document comes in every ten seconds."""
        while (left := self.began + minutes * MINUTE - time.monotonic()) > 0:
            time.sleep(min(left, 10.0))
            self.notes += 1
            (self.folder / "inbox" / f"n{self.notes}.note").write_text("tea")

    def within(self, seconds: float, what: str, condition: Callable[[], bool]) -> None:
        """Wait for something and tell how long it took; that it never came is wrong."""
        began = time.monotonic()
        while not condition():
            if time.monotonic() - began > seconds:
                self.check(f"{what} within {seconds:.0f} s", good=False)
                return
            time.sleep(0.2)
        self.check(f"{what}: after {time.monotonic() - began:.1f} s, at most {seconds:.0f}", good=True)

    def check(self, what: str, *, good: bool) -> None:
        """Tell whether something is as it should be."""
        print(f"{time.monotonic() - self.began:5.0f} s  {'ok   ' if good else 'WRONG'}  {what}", flush=True)
        if not good:
            self.wrong.append(what)

    def processes(self) -> dict[str, int]:
        """Return the processes of the installation, by command."""
        found = {}
        for place in Path("/proc").glob("[0-9]*"):
            words = _words(place)
            if str(self.folder) in words and "understudy.main" in words:
                found[words[words.index(str(self.folder)) + 1]] = int(place.name)
        return found

    def kill(self, name: str) -> None:
        """Kill a process and see that another takes its place."""
        pid = self.processes()[name]
        os.kill(pid, signal.SIGKILL)
        self.within(
            15, f"the {name} was killed, another is there", lambda: self.processes().get(name) not in (None, pid)
        )

    def sign(self) -> datetime | None:
        """Return the scheduler's last sign of life."""
        with self.place.database.reading() as tx:
            return max(signs.all_of(tx, "scheduler").values(), default=None)

    def mailed(self, *words: str) -> bool:
        """Tell whether a mail came whose subject has these words."""
        return any(all(word in mail["Subject"] for word in words) for mail in self.office.mails)

    def noticed(self, code: str) -> bool:
        """Tell whether the watch has noticed something, told or not."""
        with self.place.database.reading() as tx:
            return tx.connection.execute(t.notice.select().where(t.notice.c.code == code)).first() is not None


def main() -> int:
    """Play, print a line for each thing that was seen, and return the exit code."""
    with TemporaryDirectory(prefix="unattended-") as name, ExitStack() as mail:
        office = mail.enter_context(post_office())
        played = Played(Path(name), office)
        with played.place, _up(played) as up:
            _play(played, mail)
            up.terminate()
            began = time.monotonic()
            code = up.wait(timeout=150)
            played.check(f"SIGTERM: ended with {code} after {time.monotonic() - began:.1f} s", good=code == 0)
            played.check("no process is left", good=played.processes() == {})
            _judge(played)
    print("Everything was noticed and mended." if not played.wrong else f"{len(played.wrong)} things are wrong.")
    return 1 if played.wrong else 0


@contextmanager
def _up(played: Played) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-m", "understudy.main", "--folder", str(played.folder), "up", "--workers", "2"]
    with (played.folder / "up.log").open("wb") as log:
        up = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        yield up
    finally:
        up.kill()
        up.wait()
        print((played.folder / "up.log").read_text())


def _play(played: Played, mail: ExitStack) -> None:
    played.within(30, "the scheduler gives its first sign", lambda: played.sign() is not None)
    played.until(1.5)
    played.kill("worker")
    played.until(2.5)
    before = played.sign()
    played.kill("scheduler")
    played.within(20, "the next scheduler gives a sign", lambda: played.sign() not in (None, before))
    played.until(3.2)
    played.check("nobody was mailed so far: all was mended before it mattered", good=played.office.mails == [])
    mail.close()  # the mail server is down
    stopped = played.processes()["scheduler"]
    os.kill(stopped, signal.SIGSTOP)
    played.within(SILENT + 15, "the silent scheduler is noticed", lambda: played.noticed("SCHEDULER_SILENT"))
    played.until(5)
    played.check("nobody could be mailed", good=played.office.mails == [])
    mail.enter_context(post_office(played.office, port=played.office.port))
    played.within(60, "the mail server is up, the mail is there", lambda: played.mailed("no scheduler gives a sign"))
    replaced = lambda: played.processes().get("scheduler") not in (None, stopped)  # noqa: E731
    played.within(STILL, "the scheduler that stood still was replaced", replaced)
    played.within(60, "that it is over is mailed", lambda: played.mailed("ended", "no scheduler"))
    played.until(LONG / timedelta(minutes=1))
    ready = lambda: len(_sent(played)) >= played.notes  # noqa: E731
    played.within(100, "all that came in is worked", ready)


def _judge(played: Played) -> None:
    sent = _sent(played)
    played.check(f"{len(sent)} documents were worked, each once", good=len(sent) == len(set(sent)) > 0)
    with played.place.database.reading() as tx:
        rows = tx.connection.execute(t.occurrence.select().order_by(t.occurrence.c.due)).all()
    dues = [row.due for row in rows]
    expected = [dues[0] + timedelta(minutes=number) for number in range(len(dues))]
    played.check(f"{len(dues)} minutes were due, each once, none missing", good=dues == expected)
    states = {row.state for row in rows[:-2]}
    played.check(f"each has had its run: {', '.join(sorted(states))}", good=states == {"ended"})
    verified = subprocess.run(
        [sys.executable, "-m", "understudy.main", "--folder", str(played.folder), "trail", "verify"],
        stdout=subprocess.DEVNULL,
        check=False,
    )
    played.check("the trail is whole", good=verified.returncode == 0)
    for mailed in played.office.mails:
        print(f"         mail: {mailed['Subject']}")


def _sent(played: Played) -> Sequence[str]:
    outbox = played.folder / "outbox.txt"
    return outbox.read_text().splitlines() if outbox.exists() else []


def _words(place: Path) -> Sequence[str]:
    try:
        return (place / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:  # it has ended
        return ()


if __name__ == "__main__":
    sys.exit(main())
