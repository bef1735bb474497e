"""`understudy new NAME`: write a bot that runs at once, to be changed step by step into the one that is wanted."""

import keyword
import re
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Annotated, Any

import typer

from understudy.commands import subcommand
from understudy.opening import folder_of
from understudy.shown.paper import Paper

app = subcommand()

FILES = ("bot.py", "process.toml", "test_bot.py", "notes.txt")  # of the template, in the order they are told


@app.command()
def new(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The bot's name: small letters, digits and underscores.")],
) -> None:
    """Write a bot to start from.

    Makes bots/NAME/ and its table in bots.toml, and bots.toml itself where there is none.
    """
    paper = Paper()
    written = write_bot(folder_of(ctx), name)
    paper.line(f"Wrote a bot that runs. Its parts, in {written[0].parent}:")
    paper.pairs((path.name, _WHAT[path.name]) for path in written)
    paper.heading("Next")
    for command in _next(ctx, name):
        paper.typed(command)
    paper.line("Then change bot.py: where the cases come from, what is done with each, and what is looked for first.")


_WHAT = {
    "bot.py": "what the bot does",
    "process.toml": "the process as people do it by hand; change it first, with them",
    "test_bot.py": "how it is tested: python -m pytest runs it",
    "notes.txt": "the cases of this example, one on each line",
}


def write_bot(folder: Path, name: str) -> list[Path]:
    """Write a bot's folder and table and return its files; raise ConfigError, having written nothing, if it cannot."""
    from core.errors import ConfigError
    from core.files.safewrite import write_text

    home = folder / "bots" / name
    problems = _unfit(name)
    if not problems and home.exists():
        problems = [f"{home} is there already; choose another name"]
    if problems:
        raise ConfigError(problems)
    toml = _extended(folder, name)
    values = {"name": name}
    home.mkdir(parents=True)
    written = []
    for file in FILES:
        written.append(home / file)
        write_text(home / file, Template(_template(file)).substitute(values))
    write_text(folder / "bots.toml", toml)
    return written


def _unfit(name: str) -> list[str]:
    if re.fullmatch(r"[a-z][a-z0-9_]{0,40}", name) and not keyword.iskeyword(name):
        return []
    return [f"{name!r} cannot name a bot: small letters, digits and underscores, a letter first, at most 41"]


def _extended(folder: Path, name: str) -> str:
    """Return bots.toml with the bot's table added, and the table of the target it acts on where there is none."""
    import tomllib

    from core.config import FILE, BotsToml, read_config
    from core.errors import ConfigError

    path = folder / FILE
    known: set[str]
    if path.is_file():
        text = path.read_text(encoding="utf-8")
        config = read_config(folder, environment={})
        if name in config.file.bots:
            raise ConfigError([f"{path} has a table [bots.{name}] already; choose another name"])
        profile, known = config.profile, set(config.file.targets)
    else:
        text = Template(_template("installation.toml")).substitute(name=folder.absolute().name)
        profile, known = "test", set()
    text = text.rstrip("\n") + "\n"
    if "outbox" not in known:
        text += "\n" + Template(_template("target.toml")).substitute(_standing(profile))
    text += "\n" + Template(_template("table.toml")).substitute(_standing(profile), name=name)
    try:
        BotsToml.model_validate(tomllib.loads(text))
    except ValueError as error:
        problem = f"{path} cannot be added to as it is written; add [bots.{name}] by hand ({error})"
        raise ConfigError([problem]) from error
    return text


def _standing(profile: str) -> dict[str, Any]:
    """A simulator cannot be live: in a live installation the new bot starts in shadow, on a real target."""
    live = profile == "live"
    return {"profile": profile, "simulator": "false" if live else "true", "mode": "shadow" if live else "auto"}


def _template(file: str) -> str:
    return (files("understudy") / "templates" / "bot" / f"{file}.txt").read_text(encoding="utf-8")


def _next(ctx: typer.Context, name: str) -> list[str]:
    folder = folder_of(ctx)
    program = "understudy" if folder == Path() else f"understudy --folder {folder}"
    return [f"{program} run {name} --dry-run", f"{program} run {name}", f"{program} status"]
