"""Finds, loads and checks an installation's bots; every problem is collected and reported once, with its path.

The folders `bots/` and `targets/` beside bots.toml are mounted as the packages of those names, so that a bot writes
`from targets.ledger import Ledger` and its editor agrees. Nothing else of the installation becomes importable.
"""

import hashlib
import importlib
import sys
import tomllib
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import ValidationError

from core.bot import Bot
from core.config import BotTable, Config
from core.errors import ConfigError
from core.model.process import ProcessDefinition
from core.runtime import LoadedBot

MOUNTED = ("bots", "targets")


def load_bots(config: Config, *, names: Iterable[str] | None = None) -> dict[str, LoadedBot]:
    """Load the enabled bots of an installation, or the named ones; raise ConfigError with every problem."""
    mount(config.folder)
    problems = [] if names is not None else _orphans(config)
    wanted = [name for name, table in config.file.bots.items() if table.enabled] if names is None else list(names)
    loaded = {}
    for name in wanted:
        table = config.file.bots.get(name)
        if table is None:
            known = ", ".join(config.file.bots) or "none"
            problems.append(f"bots.toml has no [bots.{name}]; bots here: {known}")
            continue
        found = _load(config, name, table, problems)
        if found is not None:
            loaded[name] = found
    if problems:
        raise ConfigError(problems)
    return loaded


def mount(folder: Path) -> None:
    """Make `bots` and `targets` of an installation importable, in place of those of another installation.

    Raises ConfigError when some installed package owns one of the two names.
    """
    for name in MOUNTED:
        path = str(folder / name)
        present = sys.modules.get(name)
        if present is not None and list(getattr(present, "__path__", [])) == [path]:
            continue
        for other in [m for m in sys.modules if m == name or m.startswith(name + ".")]:
            del sys.modules[other]
        package = ModuleType(name, "Mounted from the installation.")
        package.__path__ = [path]
        sys.modules[name] = package
    importlib.invalidate_caches()


def read_process(folder: Path) -> ProcessDefinition | None:
    """Read a bot's process definition; None when it has none. Raises ConfigError naming file and key."""
    path = folder / "process.toml"
    if not path.is_file():
        return None
    try:
        return ProcessDefinition.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"{path} is not valid TOML: {error}"]) from error
    except ValidationError as error:
        raise ConfigError([f"{path}: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]) from error


def code_digest(folder: Path) -> str:
    """Return the SHA-256 of a bot's code and definitions: every .py and .toml file below its folder, by path."""
    total = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.suffix in (".py", ".toml") and "samples" not in p.parts):
        total.update(f"{path.relative_to(folder).as_posix()}\n".encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def _orphans(config: Config) -> list[str]:
    folder = config.folder / "bots"
    there = {p.parent.name for p in folder.glob("*/bot.py")} if folder.is_dir() else set()
    return [
        f"{folder / name} is a bot without a table; add [bots.{name}] to bots.toml (enabled = false to leave it out)"
        for name in sorted(there - config.file.bots.keys())
    ]


def _load(config: Config, name: str, table: BotTable, problems: list[str]) -> LoadedBot | None:
    folder = config.folder / "bots" / name
    path = folder / "bot.py"
    if not path.is_file():
        problems.append(f"[bots.{name}] has no bot: expected {path}")
        return None
    bot = _import(name, path, problems)
    if bot is None:
        return None
    problems.extend(_undeclared(bot, name, path))
    try:
        read_process(folder)
    except ConfigError as error:
        problems.extend(error.problems)
    try:
        settings = bot.settings.model_validate(table.settings)
    except ValidationError as error:
        problems.extend(_setting_problem(name, bot, detail) for detail in error.errors())
        return None
    if {"collect", "process"} - bot.functions.keys():
        return None
    digest = code_digest(folder)
    return LoadedBot(
        name=name,
        version=f"{bot.version}+{digest[:8]}",
        code_digest=digest,
        settings=settings,
        collect=bot.functions["collect"],
        process=bot.functions["process"],
        listed=bot.functions.get("listed"),
        trial=bot.functions.get("trial"),
        targets={target: config.target(target) for target in table.targets},
        hours=config.hours_of(name),
        mode=table.mode,
        attempts=table.attempts,
        stop_after=table.stop_after,
        backoff=table.backoff,
        lease=table.lease,
        linger=table.linger,
    )


def _import(name: str, path: Path, problems: list[str]) -> Bot[Any] | None:
    try:
        module = importlib.import_module(f"bots.{name}.bot")
    except Exception as error:  # noqa: BLE001 - a bot's file can fail in any way; its author is told where
        last = traceback.extract_tb(error.__traceback__)[-1]
        problems.append(f"{path} does not load: {type(error).__name__}: {error} ({last.filename}, line {last.lineno})")
        return None
    bot = getattr(module, "bot", None)
    if not isinstance(bot, Bot):
        problems.append(f"{path} has no `bot`; expected `bot = Bot({name!r}, ...)`")
        return None
    return bot


def _undeclared(bot: Bot[Any], name: str, path: Path) -> list[str]:
    problems = [
        f"{path}: no function is decorated with @bot.{role}"
        for role in ("collect", "process")
        if role not in bot.functions
    ]
    if bot.name != name:
        problems.append(f"{path}: the bot calls itself {bot.name!r}; its folder and table say {name!r}")
    return problems


def _setting_problem(name: str, bot: Bot[Any], detail: Any) -> str:
    key = ".".join(map(str, detail["loc"]))
    where = f"bots.toml: bots.{name}.settings.{key}"
    if detail["type"] == "extra_forbidden":
        return f"{where} is not a setting of this bot; allowed: {', '.join(sorted(bot.settings.model_fields))}"
    if detail["type"] == "missing":
        return f"{where} is missing; the bot needs it"
    return f"{where} is {detail['input']!r}: {detail['msg']}"
