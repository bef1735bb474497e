"""`understudy demo`: processes as a person starts them, a real browser, and a kill in the middle."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from core.browser import find_browser
from core.testing import programs
from core.testing.postgres import PACKAGES
from core.testing.programs import Ended
from simulators.process import run as simulated

ROOT = Path(__file__).parents[2]
MOST = 240  # seconds that one command may take on a busy machine


@dataclass(frozen=True)
class Demo:
    """An installation in Understudy's shape with a few documents in its inbox."""

    folder: Path

    def type(self, *words: str, kill_at: str | None = None) -> Ended:
        """Type a command in a process of its own; `kill_at` as core/runtime/boundaries.py has it."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("UNDERSTUDY_KILL")}
        if kill_at is not None:
            environment["UNDERSTUDY_KILL_AT"] = kill_at
        return programs.run(
            [sys.executable, "-m", "understudy.main", *words],
            folder=self.folder,
            environment=environment,
            most=MOST,
        )

    def json(self, *words: str) -> Any:
        """Type a command and return its JSON."""
        done = self.type(*words, "--json")
        assert done.code == 0, done.errors
        return json.loads(done.out)

    def vouchers(self) -> list[dict[str, Any]]:
        """Return what stands in the ledger, by reference; its own numbers depend on the order of entering."""
        books = self.folder / "var" / "simulators" / "ledger.db"
        found = json.loads(simulated("ledger", "snapshot", "--db", str(books), "--json"))["vouchers"]
        return sorted(
            ({name: value for name, value in one.items() if name != "number"} for one in found),
            key=lambda one: str(one["reference"]),
        )

    def truth(self, kind: str) -> dict[str, Any]:
        """Return the truth about the first document of a kind."""
        documents = json.loads((self.folder / "var" / "demo" / "truth.json").read_text(encoding="utf-8"))["documents"]
        return next(one for one in documents if one["kind"] == kind)


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A `var` folder with documents, made once for all demos here, and the browser that was found."""
    var = tmp_path_factory.mktemp("stock") / "var"
    var.mkdir()
    found = find_browser(cache=var / "browser.json", install=False)
    browser = [] if found.executable is None else [str(found.executable)]
    command = [sys.executable, "-m", "tests.understudy.small_demo", str(var / "demo"), *browser]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, timeout=MOST)
    for age, path in enumerate(sorted((var / "demo" / "inbox").iterdir(), reverse=True), start=60):
        os.utime(path, (time.time() - age, time.time() - age))
    return var


@pytest.fixture(scope="module")
def fresh(stock: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Demo]:
    """Set up another installation with the same documents."""

    def made() -> Demo:
        folder = tmp_path_factory.mktemp("demo")
        for name in ("bots.toml", "bots", "targets"):
            (folder / name).symlink_to(ROOT / name)
        shutil.copytree(stock, folder / "var")
        return Demo(folder)

    return made


@pytest.fixture(scope="module")
def whole(fresh: Callable[[], Demo]) -> tuple[Demo, Ended]:
    """A demo that ran to its end, the boundaries it reached noted in `boundaries`."""
    demo = fresh()
    return demo, demo.type("demo", kill_at="0:boundaries")


def test_the_demo_ends_well(whole: tuple[Demo, Ended]) -> None:
    """Every document goes where a careful clerk would have sent it, balances hold, the trail is whole: exit code 0."""
    demo, done = whole
    assert done.code == 0, done.out + done.errors
    assert "DIFFERS" not in done.out
    assert "entered twice: 0" in done.out
    assert "is whole" in done.out
    assert len(demo.vouchers()) == 3
    waiting = {task["code"] for task in demo.json("review", "list")}
    assert waiting == {"ORDER_MISSING", "PRICE", "POSSIBLE_DUPLICATE", "SEVERAL_DOCUMENTS"}


@pytest.mark.parametrize("place", ["after the click", "after the intent", "anywhere"])
def test_killed_and_started_again_it_ends_the_same(
    place: str, whole: tuple[Demo, Ended], fresh: Callable[[], Demo]
) -> None:
    """Wherever the process is killed, started again the demo ends well with the same ledger as if it had not been."""
    untroubled, _ = whole
    reached = (untroubled.folder / "boundaries").read_text(encoding="utf-8").splitlines()
    named = {"after the click": "effect post before receipt", "after the intent": "effect post after intent"}
    line = random.choice([line for line in reached if line.endswith(named.get(place, ""))])
    demo = fresh()
    killed = demo.type("demo", kill_at=line.split(" ", 1)[0])
    assert killed.code == -signal.SIGKILL, killed.out + killed.errors
    again = demo.type("demo")
    assert again.code == 0, f"killed at {line}: {again.out}{again.errors}"
    assert demo.vouchers() == untroubled.vouchers(), f"killed at {line}"


def test_run_again_and_corrected_it_enters_what_is_new_only(
    whole: tuple[Demo, Ended],
) -> None:
    """A second run adds nothing; once a person types in the order number, that item goes on and is entered, once."""
    demo, _ = whole
    before = demo.vouchers()
    again = demo.type("demo")
    assert again.code == 0, again.out + again.errors
    assert demo.vouchers() == before

    wanted = demo.truth("order-missing")
    (task,) = [task for task in demo.json("review", "list") if task["code"] == "ORDER_MISSING"]
    order = _order_of(demo, wanted)
    answer = ["correct", "--as", "anna", "--set", f"order_number={order}"]
    done = demo.type("review", "resolve", str(task["id"]), *answer)
    assert done.code == 0, done.errors
    assert demo.type("demo").code == 0
    new = [one for one in demo.vouchers() if one not in before]
    assert [(one["order_number"], one["gross"]) for one in new] == [(order, wanted["fields"]["gross"])]
    assert [one for one in demo.vouchers() if one in before] == before
    assert demo.type("trail", "verify").code == 0


@pytest.fixture
def cluster(stock: Path) -> Iterator[Demo]:
    """An installation for `demo-cluster` with the same documents, where PostgreSQL's own user may enter."""
    for package in PACKAGES:
        pytest.importorskip(package)
    with TemporaryDirectory(prefix="cluster-") as name:
        folder = Path(name)
        for linked in ("bots.toml", "bots", "targets"):
            (folder / linked).symlink_to(ROOT / linked)
        (folder / "var").mkdir()
        shutil.copy(stock / "browser.json", folder / "var")
        shutil.copytree(stock / "demo", folder / "var" / "cluster" / "var" / "demo")
        yield Demo(folder)


def test_a_cluster_loses_a_worker_and_ends_well(cluster: Demo) -> None:
    """On PostgreSQL, with one worker killed in the middle of an item: everything once, balanced, and so it says."""
    done = cluster.type("demo-cluster", "--workers", "3")
    assert done.code == 0, done.out + done.errors
    for said in ("kill -9 of worker process", "another takes its place", "entered twice: 0", "is whole"):
        assert said in done.out
    assert "DIFFERS" not in done.out
    again = cluster.type("demo-cluster", "--workers", "2")
    assert (again.code, "entered twice: 0" in again.out) == (0, True), again.out + again.errors


def _order_of(demo: Demo, document: dict[str, Any]) -> str:
    """Return the order that the document's lines are on, as a buyer would find it in the ledger."""
    master = json.loads((demo.folder / "var" / "demo" / "ledger.json").read_text(encoding="utf-8"))
    sold = [line["description"] for line in document["lines"]]
    (order,) = [
        order["number"]
        for order in master["orders"]
        if [line["description"] for line in order["lines"]] == sold and all(line["received"] for line in order["lines"])
    ]
    return str(order)
