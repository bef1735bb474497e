"""Finding a browser that works."""

import os
import shutil
import sys
import threading
from pathlib import Path

import pytest

from core.browser import FoundBrowser, find_browser, launch_options
from core.browser.finder import is_snap_stub
from core.errors import ConfigError


def _program(folder: Path, name: str, script: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def real(found: FoundBrowser) -> Path:
    """A program that starts the browser of this machine."""
    if found.executable is None:
        pytest.skip("this machine has Playwright's own browser only")
    return found.executable


@pytest.fixture
def bin_folder(tmp_path: Path) -> Path:
    """A folder that stands for PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    return folder


def _environment(bin_folder: Path, **more: str) -> dict[str, str]:
    """PATH with only the test's programs, and no browser of Playwright's own."""
    return {"PATH": str(bin_folder), "UNDERSTUDY_NO_INSTALL": "1", **more}


def test_the_named_browser_is_taken(real: Path, bin_folder: Path) -> None:
    """UNDERSTUDY_BROWSER is used when it works, by path or by name."""
    found = find_browser(cache=None, install=False, environment=_environment(bin_folder, UNDERSTUDY_BROWSER=str(real)))
    assert (found.executable, found.how) == (real, "UNDERSTUDY_BROWSER")
    assert found.version[0].isdigit()


@pytest.mark.parametrize("named", ["broken", "absent"])
def test_a_named_browser_that_does_not_work_is_an_error(real: Path, bin_folder: Path, named: str) -> None:
    """When UNDERSTUDY_BROWSER does not launch nothing else is tried."""
    _program(bin_folder, "broken", "echo cannot open display >&2; exit 1")
    _program(bin_folder, "chromium", f'exec {real} "$@"')
    with pytest.raises(ConfigError, match=f"UNDERSTUDY_BROWSER names a browser that does not work.*{named}"):
        find_browser(cache=None, install=False, environment=_environment(bin_folder, UNDERSTUDY_BROWSER=named))


def test_candidates_that_do_not_work_are_passed_over(real: Path, bin_folder: Path) -> None:
    """A browser that fails and a snap stub are skipped, and the next one that works is taken."""
    _program(bin_folder, "chromium", "exit 1")
    _program(bin_folder, "chromium-browser", "exec /snap/bin/chromium")
    working = _program(bin_folder, "google-chrome", f'exec {real} "$@"')
    found = find_browser(cache=None, install=False, environment=_environment(bin_folder))
    assert (found.executable, found.how) in {(working, "system"), (None, "playwright")}


def test_when_nothing_works_the_error_says_what_was_tried_and_what_to_type(real: Path, bin_folder: Path) -> None:
    """The error lists each candidate with its reason, and the commands that help."""
    _program(bin_folder, "chromium", "echo missing libnss3.so >&2; exit 127")
    _program(bin_folder, "google-chrome", "exec /snap/bin/chromium")
    with pytest.raises(ConfigError) as raised:
        find_browser(cache=None, install=True, environment=_environment(bin_folder))
    told = "\n".join(raised.value.problems)
    for words in ("chromium: ", "missing libnss3.so", "a snap", "playwright: ", "apt-get install chromium"):
        assert words in told


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="apt-get is asked by root only")
def test_installing_comes_last_and_a_failing_installer_falls_through(
    real: Path, bin_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the download fails apt-get is updated and asked, and what it installs is proven like any other."""
    browser = bin_folder / "chromium"
    _program(
        bin_folder,
        "apt-get",
        f'echo "$1" >> {bin_folder}/asked\n[ "$1" = install ] || exit 0\n'
        f"printf '#!/bin/sh\\nexec {real} \"$@\"\\n' > {browser}; /bin/chmod 755 {browser}",
    )
    broken = _program(bin_folder, "python", "echo getaddrinfo ENOTFOUND; exit 1")
    monkeypatch.setattr(sys, "executable", str(broken))
    environment = _environment(bin_folder)
    del environment["UNDERSTUDY_NO_INSTALL"]
    found = find_browser(cache=None, install=True, environment=environment)
    assert (found.executable, found.how) == (browser, "apt-get install")
    assert (bin_folder / "asked").read_text().split() == ["update", "install"]


def test_a_remembered_browser_costs_no_launch(real: Path, bin_folder: Path, tmp_path: Path) -> None:
    """While the executable is unchanged the cache answers; a changed one, or another wish, is looked for again."""
    cache = tmp_path / "var" / "browser.json"
    program = _program(bin_folder, "chosen", f'echo >> {tmp_path}/started; exec {real} "$@"')
    environment = _environment(bin_folder, UNDERSTUDY_BROWSER=str(program))

    def starts() -> int:
        return len((tmp_path / "started").read_text())

    first = find_browser(cache=cache, install=False, environment=environment)
    assert starts() == 1
    assert find_browser(cache=cache, install=False, environment=environment) == first
    assert starts() == 1
    os.utime(program, (0, 0))
    assert find_browser(cache=cache, install=False, environment=environment) == first
    assert starts() == 2
    assert find_browser(cache=cache, install=False, environment=environment, afresh=True) == first
    assert starts() == 3
    cache.write_text("{torn")
    assert find_browser(cache=cache, install=False, environment=environment) == first


def test_two_searches_at_once_do_not_disturb_each_other(real: Path, bin_folder: Path, tmp_path: Path) -> None:
    """Several workers may look for a browser and write the cache at the same time."""
    environment = _environment(bin_folder, UNDERSTUDY_BROWSER=str(real))
    results: list[FoundBrowser] = []
    threads = [
        threading.Thread(
            target=lambda: results.append(
                find_browser(cache=tmp_path / "browser.json", install=False, environment=environment, afresh=True)
            )
        )
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 2
    assert results[0] == results[1]


def test_snap_stubs_are_recognised_through_links_and_scripts(tmp_path: Path) -> None:
    """A link to snap and a script that starts a snap are stubs; an ordinary program is not."""
    snap = _program(tmp_path / "usr", "snap", "true")
    link = tmp_path / "chromium"
    link.symlink_to(snap)
    assert is_snap_stub(link)
    assert is_snap_stub(_program(tmp_path, "wrapper", 'exec /snap/bin/chromium "$@"'))
    assert not is_snap_stub(_program(tmp_path, "ordinary", "true"))
    shell = shutil.which("sh")
    assert shell is not None
    assert not is_snap_stub(Path(shell))


def test_the_sandbox_is_off_for_root_only() -> None:
    """Root launches without the sandbox, which cannot work there; everyone else with it."""
    root, other = launch_options(None, root=True), launch_options(None, root=False)
    assert "--no-sandbox" in root["args"]
    assert root["chromium_sandbox"] is False
    assert "--no-sandbox" not in other["args"]
    assert other["chromium_sandbox"] is True
    assert "--disable-gpu" in other["args"]
