"""What a rehearsal takes from the installation: read once, before anything is started.

A bot's `samples/` folder holds its documents. In `samples/rehearsal/` may lie `settings.toml`, laid over the bot's
settings, and for each target NAME a `NAME.json`, which fills its stand-in (`--data`).
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.config import Config, overlaid
from core.durations import parse_duration
from core.errors import ConfigError
from core.installation import Installation
from core.model.digests import plain
from core.registry import MOUNTED
from core.runtime import LoadedBot
from core.testing.twins import FOLDER, samples

REHEARSAL = "rehearsal"  # the folder in a bot's samples
LARGEST = 10_000_000  # bytes of a file beside bots.toml that is copied
WITHOUT = ("serve", "rate", "open", "maintenance", "freeze", "closed_on_holidays", "zone", "calendar")  # of a target
SETTLE, BACKOFF, LINGER = "300ms", "100ms", "5s"  # nothing comes late from a stand-in without faults


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn:
    """One simulated target, as it is started."""

    module: str  # e.g. "simulators.ledger"
    data: Path | None  # what fills it; None: what it fills itself with


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """Everything that each throw-away installation is made of."""

    folder: Path
    bot: LoadedBot
    tables: Mapping[str, Any]  # its bots.toml, the addresses of the stand-ins still lacking
    stand_ins: Mapping[str, StandIn]  # by target
    documents: tuple[Path, ...]  # the samples that are put into an inbox; none: the bot finds its own cases
    copied: tuple[Path, ...]  # files and folders to copy, from the installation's folder
    secrets: Mapping[str, str]  # values of the stand-ins' logins, by name
    browser: Path  # where the browser that was found is noted; it need not be there

    @classmethod
    def of(cls, installation: Installation, bot: LoadedBot, *, chosen: Sequence[str]) -> "Original":
        """Read an installation; raise ConfigError with all that keeps the bot from being rehearsed.

        `chosen`: only the samples whose names hold one of these words; none: all.
        """
        config = installation.config
        home = installation.folder / "bots" / bot.name / FOLDER
        _refuse(config, bot)
        documents = _documents(home, bot, chosen)
        return cls(
            folder=installation.folder,
            bot=bot,
            tables=_tables(config, bot, _settings(home / REHEARSAL)),
            stand_ins={name: _stand_in(config, name, home / REHEARSAL) for name in bot.targets},
            documents=tuple(documents),
            copied=tuple(_copied(installation.folder, bot, replaced="inbox" if documents else None)),
            secrets={
                secret: installation.secrets.get(secret).reveal()
                for name in bot.targets
                for secret in config.target(name).secrets.values()
            },
            browser=installation.var / "browser.json",
        )


def _refuse(config: Config, bot: LoadedBot) -> None:
    problems = [
        f"targets.{name} has no stand-in that a rehearsal could start and look into: give it `serve` and "
        "`simulator = true`, in bots.toml or in an overlay (UNDERSTUDY_ENV=test and bots.test.toml)"
        for name in bot.targets
        if config.target(name).serve is None
    ]
    if not bot.targets:
        problems = [f"bots.{bot.name} names no targets, so there is nothing to compare after a crash; add `targets`"]
    if problems:
        raise ConfigError(problems)


def _documents(folder: Path, bot: LoadedBot, chosen: Sequence[str]) -> list[Path]:
    """Return the samples to put into an inbox; none when the bot has no inbox, and finds its cases by itself."""
    every = samples(folder) if "inbox" in type(bot.settings).model_fields else []
    found = [path for path in every if not chosen or any(word in path.name for word in chosen)]
    if chosen and not found:
        there = ", ".join(path.name for path in every) or "none"
        raise ConfigError([f"no sample of {bot.name} is named like {' or '.join(chosen)}; samples it takes: {there}"])
    return found


def _stand_in(config: Config, name: str, folder: Path) -> StandIn:
    data = folder / f"{name}.json"
    return StandIn(module=str(config.target(name).serve), data=data if data.is_file() else None)


def _settings(folder: Path) -> dict[str, Any]:
    path = folder / "settings.toml"
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path} is not valid TOML: {error}"]) from error


def _tables(config: Config, bot: LoadedBot, settings: dict[str, Any]) -> dict[str, Any]:
    """Return bots.toml as a rehearsal needs it: this bot and its targets, acting, impatient, at any hour, in a store of
    its own.

    Nobody is named under [people], so that the rehearsal may decide whatever is asked.
    """
    merged: dict[str, Any] = {}
    for path in config.sources:
        merged = overlaid(merged, tomllib.loads(path.read_text(encoding="utf-8")))
    table = {key: value for key, value in merged["bots"][bot.name].items() if key != "schedules"}
    return {
        "installation": {"name": config.file.installation.name, "profile": config.profile},
        "targets": {name: _target(merged["targets"][name]) for name in bot.targets},
        "bots": {
            bot.name: {
                **table,
                "enabled": True,
                "mode": "auto",
                "backoff": _shorter(table.get("backoff"), BACKOFF),
                "linger": LINGER,
                "settings": overlaid(table.get("settings", {}), settings),
            }
        },
    }


def _target(table: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in table.items() if key not in WITHOUT}
    return {**kept, "settle": _shorter(table.get("settle"), SETTLE)}


def _shorter(written: str | None, most: str) -> str:
    return written if written is not None and parse_duration(written) < parse_duration(most) else most


def _copied(folder: Path, bot: LoadedBot, *, replaced: str | None) -> Iterator[Path]:
    """Yield what the bot may read: bots and targets, plain files beside bots.toml, and what its settings name.

    `replaced` is a setting that gets another value.
    """
    yield from (Path(name) for name in MOUNTED if (folder / name).is_dir())
    for path in sorted(folder.iterdir()):
        ours = path.name.startswith(("bots.", ".")) or path.is_dir()
        if not ours and path.is_file() and path.stat().st_size <= LARGEST:
            yield Path(path.name)
    settings = plain(bot.settings)
    for path in map(Path, _texts({name: settings[name] for name in settings if name != replaced})):
        inside = path.parts and not path.is_absolute() and ".." not in path.parts and path.parts[0] not in MOUNTED
        with suppress(OSError, ValueError):  # a text that can be no path
            if inside and path != Path("var") and (folder / path).exists():
                yield path


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)
