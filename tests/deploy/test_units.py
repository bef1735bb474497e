"""The units for systemd: it takes them, they say what the program says, and the browser's sandbox survives them."""

import configparser
import os
import re
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from core.durations import parse_duration
from core.model.runs import ExitCode
from tests.architecture.source import ROOT
from understudy import unattended
from understudy.commands import COMMANDS
from understudy.commands import worker as worker_command

DEPLOY = ROOT / "deploy"
UNITS = sorted(path.name for path in DEPLOY.glob("*.service"))
PROGRAM = "/opt/understudy/bin/understudy"
# What the browser's sandbox needs: namespaces of its own, code it writes while it runs, and these calls.
NOT_WITH_A_BROWSER = {"RestrictNamespaces", "PrivateUsers", "MemoryDenyWriteExecute", "ProcSubset", "RootDirectory"}
NEEDED_CALLS = {"chroot", "clone", "clone3", "ptrace", "unshare", "setns", "capset", "setresuid", "setresgid"}


def unit(name: str) -> dict[str, str]:
    """Return the settings of a unit."""
    parser = configparser.RawConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string((DEPLOY / name).read_text(encoding="utf-8"))
    return {key: value for section in parser.sections() for key, value in parser[section].items()}


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units where systemd would find them, with a program that is there, and the drop-in beside each."""
    program = tmp_path / "understudy"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    folder = tmp_path / "system"
    folder.mkdir()
    for name in UNITS:
        text = (DEPLOY / name).read_text(encoding="utf-8").replace(PROGRAM, str(program))
        installed_as = name.replace("@.", "@1.")
        (folder / installed_as).write_text(text)
        (folder / f"{installed_as}.d").mkdir()
        shutil.copy(DEPLOY / "credentials.conf", folder / f"{installed_as}.d")
    return folder


def verified(folder: Path, name: str) -> tuple[int, str]:
    """Return what systemd says of a unit; the test is skipped where it is not there."""
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd is not here")
    done = subprocess.run(
        [analyze, "--man=no", "verify", str(folder / name)],
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{folder}:"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stderr.strip()


@pytest.mark.parametrize("name", UNITS)
def test_systemd_takes_each_unit_as_it_is(installed: Path, name: str) -> None:
    """It verifies with the drop-in for secrets, without a word; a mistake in either would be told."""
    installed_as = name.replace("@.", "@1.")
    assert verified(installed, installed_as) == (0, "")
    with (installed / f"{installed_as}.d" / "credentials.conf").open("a") as file:
        file.write("LoadCredentials=x:/y\n")
    assert "LoadCredentials" in verified(installed, installed_as)[1]


@pytest.mark.parametrize("name", UNITS)
def test_each_unit_starts_a_command_of_the_program(name: str) -> None:
    """The command is one, its options are its own, and it tells systemd how it stands."""
    settings = unit(name)
    program, folder_option, folder, command, *options = settings["ExecStart"].split()
    assert (program, folder_option, folder) == (PROGRAM, "--folder", settings["WorkingDirectory"])
    assert command in COMMANDS
    assert settings["Type"] == "notify"
    assert settings["NotifyAccess"] == "main"
    assert settings["ReadWritePaths"] == f"{folder}/var"
    assert all(option == "--leave-to-workers" for option in options)


@pytest.mark.parametrize("name", UNITS)
def test_each_unit_is_started_again_unless_a_person_must_mend_something(name: str) -> None:
    """After a crash and a silence, never after a wrong file or a missing secret."""
    settings = unit(name)
    assert settings["Restart"] == "on-failure"
    final = {str(int(code)) for code in (ExitCode.CREDENTIALS, ExitCode.CONFIGURATION)}
    assert set(settings["RestartPreventExitStatus"].split()) == final
    assert settings["OOMPolicy"] == "continue"
    assert settings["KillMode"] == "mixed"


def test_the_time_to_stop_is_longer_than_the_program_takes() -> None:
    """What the program allows its parts to end is within what systemd allows the program."""
    grace = parse_duration("30s")  # of `up` and `worker`, when nothing else is said
    assert length(unit("understudy.service")["TimeoutStopSec"]) > grace + unattended.TO_END
    assert length(unit("understudy-worker@.service")["TimeoutStopSec"]) > grace + worker_command.TO_END


def length(text: str) -> object:
    """Return a length as systemd writes it."""
    return parse_duration(re.sub(r"min$", "m", text))


@pytest.mark.parametrize("name", UNITS)
def test_nothing_stands_in_the_way_of_the_browsers_sandbox(name: str) -> None:
    """No setting that it cannot live with, and no system call it needs among those that are refused."""
    settings = unit(name)
    assert not settings.keys() & NOT_WITH_A_BROWSER
    calls = settings["SystemCallFilter"]
    assert calls.startswith("~")
    assert not refused(calls) & NEEDED_CALLS


def refused(calls: str) -> set[str]:
    """Return the system calls in groups, as systemd knows them."""
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd is not here")
    groups = calls.removeprefix("~").split()
    found: set[str] = set()
    while groups:
        said = subprocess.run(
            [analyze, "--no-pager", "syscall-filter", groups.pop()], capture_output=True, text=True, check=True
        )
        words = [line.strip() for line in said.stdout.splitlines()[1:] if not line.strip().startswith("#")]
        groups += [word for word in words if word.startswith("@")]
        found |= {word for word in words if word and not word.startswith("@")}
    return found


def test_the_browser_runs_in_its_sandbox_under_what_the_units_take_away() -> None:
    """As another user, without new privileges and without any capability, it opens a page and calculates."""
    browser, setpriv = shutil.which("chromium"), shutil.which("setpriv")
    if browser is None or setpriv is None or os.geteuid() != 0:
        pytest.skip("needs root, setpriv and a chromium")
    for settings in map(unit, UNITS):
        assert (settings["NoNewPrivileges"], settings["CapabilityBoundingSet"]) == ("yes", "")
    with TemporaryDirectory(prefix="browser-") as home:
        os.chmod(home, 0o777)  # noqa: PTH101 - pytest's own folders are closed to other users
        done = subprocess.run(
            [
                *(setpriv, "--reuid=nobody", "--regid=nogroup", "--clear-groups"),
                *("--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"),
                *(browser, "--headless", "--disable-gpu", f"--user-data-dir={home}/profile", "--dump-dom"),
                "data:text/html,<p>1+1=<script>document.write(1+1)</script>",
            ],
            env={"PATH": os.environ["PATH"], "HOME": home},
            cwd=home,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    assert "</script>2</p>" in done.stdout, done.stderr
