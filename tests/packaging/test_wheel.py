"""The built wheel, installed where nothing else is."""

import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]

BOT = '''
"""Rings a bell for every name, once."""

from pathlib import Path
from understudy import Absent, Bot, Found, NewItem

bot = Bot("bell")
BELL = Path(__file__).with_name("rung.txt")


@bot.collect
def collect(ctx):
    return (NewItem(reference=name) for name in ("ada", "bo"))


@bot.process
def process(item, ctx):
    return ctx.effect("ring", key=item.reference, plan=item.reference, find=find, do=ring, target="bell")


def find(name: str):
    return Found(name) if BELL.exists() and name in BELL.read_text().split() else Absent()


def ring(name: str) -> str:
    BELL.open("a").write(name + "\\n")
    return name
'''
TABLES = """
[targets.bell]
profile = "test"
simulator = true

[bots.bell]
mode = "auto"
targets = ["bell"]
"""


def test_a_bot_runs_in_an_empty_folder_on_the_installed_wheel(tmp_path: Path) -> None:
    """`new` writes a bot in an empty folder, one of twenty lines joins it, both run twice, and the trail is whole."""
    run(sys.executable, "-m", "build", "--wheel", "--outdir", str(tmp_path), str(ROOT))
    (wheel,) = tmp_path.glob("*.whl")
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", "--constraint", str(ROOT / "constraints.txt"), str(wheel))
    understudy = str(tmp_path / "env" / "bin" / "understudy")
    folder = tmp_path / "office"
    folder.mkdir()

    run(understudy, "new", "hello", cwd=folder)
    (folder / "bots" / "bell").mkdir()
    (folder / "bots" / "bell" / "bot.py").write_text(BOT)
    with (folder / "bots.toml").open("a") as toml:
        toml.write(TABLES)
    for _ in range(2):
        run(understudy, "run", "hello", cwd=folder)
        run(understudy, "run", "bell", cwd=folder)

    assert (folder / "bots" / "bell" / "rung.txt").read_text() == "ada\nbo\n"
    assert "The trail is whole." in run(understudy, "trail", "verify", cwd=folder)
    assert "Everything is in place." in run(understudy, "check", cwd=folder)
    listed = run(python, "-m", "zipfile", "--list", str(wheel))
    for carried in ("understudy/templates/bot/bot.py.txt", "understudy/py.typed", "audit/standalone.py"):
        assert carried in listed
    assert "simulators/ledger/templates/" in listed
    assert "tests/" not in listed


def run(*command: object, cwd: Path = ROOT) -> str:
    """Run a command to its end, outside this environment's settings, and return what it printed."""
    done = subprocess.run([str(one) for one in command], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout}\n{done.stderr}"
    return done.stdout
