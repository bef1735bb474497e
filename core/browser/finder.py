"""Finds a browser that really works on this machine, and remembers it.

    found = find_browser(cache=folder / "browser.json", install=True)
    found.executable      # None: Playwright's own Chromium
    found.version, found.how

Looked at in this order, each candidate proven by launching it, opening a page and evaluating `1+1`: the environment
variable UNDERSTUDY_BROWSER (when set, nothing else), Playwright's own Chromium, Chromium, Chrome or Edge on PATH (never
a snap stub, which cannot write Playwright's profile), `playwright install chromium`, `apt-get install chromium` when
root. UNDERSTUDY_NO_INSTALL in the environment, or `install=False`, leaves out the last two.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.browser.scratch import Scratch
from core.errors import ConfigError

if TYPE_CHECKING:
    from playwright.sync_api import Playwright

SYSTEM_NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "microsoft-edge",
    "microsoft-edge-stable",
)
_LAUNCH_LIMIT = 30.0  # seconds one candidate may take to start
_INSTALL_LIMIT = 600.0  # seconds one installing command may take
_ARGUMENTS = (
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-http2",
    "--disable-quic",
    "--no-first-run",
)
_WHAT_TO_TYPE = (
    "to mend this, type one of: `python -m playwright install chromium`; `apt-get install chromium` (as root); or set"
    " UNDERSTUDY_BROWSER to the path of a Chromium, Chrome or Edge"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundBrowser:
    """A browser that launched, opened a page and calculated."""

    executable: Path | None  # None: Playwright's own, which Playwright finds itself
    version: str
    how: str  # "UNDERSTUDY_BROWSER", "playwright", "system", "playwright install", "apt-get install"


def find_browser(
    *,
    cache: Path | None,
    install: bool,
    afresh: bool = False,
    environment: Mapping[str, str] | None = None,
) -> FoundBrowser:
    """Return the first browser that works; raise ConfigError saying what was tried, why each failed, what to type.

    `cache` is a file to remember the answer in: while that executable is unchanged the next call costs no launch.
    `afresh` looks again whatever the cache says. Safe in a thread where Playwright is already running, and in several
    processes at once.
    """
    search = _Search(os.environ if environment is None else environment, install=install)
    if cache is not None and not afresh:
        known = search.remembered(cache)
        if known is not None:
            return known
    with ThreadPoolExecutor(max_workers=1) as thread:  # Playwright allows one driver per thread
        found = thread.submit(search.run).result()
    if cache is not None:
        search.remember(cache, found)
    return found


def launch_options(executable: Path | None, *, root: bool | None = None) -> dict[str, Any]:
    """Return the keyword arguments with which every browser is launched, in the finder and in a session."""
    root = _is_root() if root is None else root
    return {
        "executable_path": executable,
        "headless": True,
        "args": [*_ARGUMENTS, *(["--no-sandbox"] if root else [])],
        "chromium_sandbox": not root,
        "handle_sigint": False,  # the worker decides when to stop, not the browser
        "handle_sigterm": False,
        "handle_sighup": False,
        "timeout": _LAUNCH_LIMIT * 1000,
    }


def is_snap_stub(executable: Path) -> bool:
    """Tell whether a program is, links to, or is a script that starts a snap."""
    resolved = executable.resolve()
    if "snap" in resolved.parts or resolved.name == "snap" or "/snap/" in str(executable):
        return True
    with resolved.open("rb") as file:
        head = file.read(65536)
    return head.startswith(b"#!") and b"/snap/" in head


class _Search:
    """One walk through the candidates; `tried` collects a sentence for each that failed."""

    def __init__(self, environment: Mapping[str, str], *, install: bool) -> None:
        self.environment = environment
        self.install = install and not environment.get("UNDERSTUDY_NO_INSTALL")
        self.tried: list[str] = []
        self.own: Path | None = None  # where Playwright keeps its Chromium, known after a run

    def run(self) -> FoundBrowser:
        from playwright.sync_api import sync_playwright

        scratch = Scratch()
        try:
            with scratch.as_tmpdir():
                playwright = sync_playwright().start()
            try:
                self.own = Path(playwright.chromium.executable_path)
                return self._first(playwright)
            finally:
                playwright.stop()
        finally:
            scratch.close()

    def _first(self, playwright: "Playwright") -> FoundBrowser:
        named = self.environment.get("UNDERSTUDY_BROWSER")
        candidates = self._named(named) if named else self._candidates()
        for executable, how in candidates:
            version = self._proven(playwright, executable, how)
            if version is not None:
                return FoundBrowser(executable=executable, version=version, how=how)
        if named:
            raise ConfigError([f"UNDERSTUDY_BROWSER names a browser that does not work: {self.tried[0]}"])
        raise ConfigError(["no browser could be started", *self.tried, _WHAT_TO_TYPE])

    def _named(self, named: str) -> Iterator[tuple[Path, str]]:
        path = self._which(named)
        if path is None:
            self.tried.append(f"{named}: no such program")
        else:
            yield path, "UNDERSTUDY_BROWSER"

    def _candidates(self) -> Iterator[tuple[Path | None, str]]:
        yield None, "playwright"
        yield from self._on_path("system")
        if not self.install:
            self.tried.append("installing a browser: not allowed here")
            return
        if self._command([sys.executable, "-m", "playwright", "install", "chromium"]):
            yield None, "playwright install"
        apt = self._which("apt-get")
        if apt is None or not _is_root():
            self.tried.append("apt-get install chromium: needs root on Debian or Ubuntu")
        elif self._command([str(apt), "update"]) and self._command(
            [str(apt), "install", "-y", "-o", "DPkg::Lock::Timeout=300", "chromium"]
        ):
            yield from self._on_path("apt-get install")

    def _on_path(self, how: str) -> Iterator[tuple[Path, str]]:
        seen: set[Path] = set()
        for name in SYSTEM_NAMES:
            path = self._which(name)
            if path is None or path.resolve() in seen:
                continue
            seen.add(path.resolve())
            if is_snap_stub(path):
                self.tried.append(f"{path}: a snap, which cannot be driven")
            else:
                yield path, how
        if not seen:
            self.tried.append(f"on PATH: none of {', '.join(SYSTEM_NAMES)}")

    def _which(self, name: str) -> Path | None:
        found = shutil.which(name, path=self.environment.get("PATH", os.defpath))
        return Path(found) if found else None

    def _proven(self, playwright: "Playwright", executable: Path | None, how: str) -> str | None:
        """Return the version of a browser that launched and calculated, or note why not."""
        from playwright.sync_api import Error

        try:
            browser = playwright.chromium.launch(**launch_options(executable))
            try:
                version, answer = browser.version, browser.new_page().evaluate("1+1")
            finally:
                browser.close()
        except Error as error:
            self.tried.append(f"{executable or how}: {_reason(error.message)}")
            return None
        if answer == 2:
            return version
        self.tried.append(f"{executable or how}: started and calculated 1+1 = {answer!r}")
        return None

    def _command(self, command: Sequence[str]) -> bool:
        shown = " ".join([Path(command[0]).name, *command[1:]])
        environment = {**self.environment, "DEBIAN_FRONTEND": "noninteractive"}
        with subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process:
            try:
                output, _ = process.communicate(timeout=_INSTALL_LIMIT)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                self.tried.append(f"{shown}: not finished after {_INSTALL_LIMIT:.0f} seconds")
                return False
        if process.returncode != 0:
            lines = [line.strip() for line in output.decode(errors="replace").splitlines() if line.strip()]
            self.tried.append(f"{shown}: {_shortened(lines[0]) if lines else f'ended {process.returncode}'}")
        return process.returncode == 0

    def remembered(self, cache: Path) -> FoundBrowser | None:
        """Return what the cache holds if it was found under the same wishes and its file is unchanged."""
        try:
            note = json.loads(cache.read_text(encoding="utf-8"))
            stamp = _stamp(Path(note["file"]))
            if note["stamp"] != stamp or note["named"] != self.environment.get("UNDERSTUDY_BROWSER"):
                return None
            executable = Path(note["file"]) if note["given"] else None
            return FoundBrowser(executable=executable, version=str(note["version"]), how=str(note["how"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def remember(self, cache: Path, found: FoundBrowser) -> None:
        """Write the answer beside the cache, then rename it into place."""
        file = found.executable or self.own
        if file is None or not file.exists():
            return
        note = {
            "file": str(file),
            "stamp": _stamp(file),
            "given": found.executable is not None,
            "named": self.environment.get("UNDERSTUDY_BROWSER"),
            "version": found.version,
            "how": found.how,
        }
        cache.parent.mkdir(parents=True, exist_ok=True)
        beside = cache.with_name(f"{cache.name}.{os.getpid()}")
        beside.write_text(json.dumps(note, indent=1), encoding="utf-8")
        beside.replace(cache)


def _stamp(file: Path) -> str:
    status = file.stat()
    return f"{status.st_mtime_ns}/{status.st_size}"


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _reason(message: str) -> str:
    """Shorten Playwright's page-long launch error to the sentence that helps."""
    lines = [line.strip(" -|║╔╚═") for line in message.splitlines()]
    lines = [line for line in lines if line]
    errors = [line.split("[err]", 1)[1].strip() for line in lines if "[err]" in line]
    told = [_shortened(line) for line in (*lines[:1], *[error for error in errors if error][:1])]
    return "; ".join(told) or "did not start"


def _shortened(line: str) -> str:
    return line if len(line) <= 200 else f"{line[:199]}…"
