"""bots.toml: which bots and targets an installation runs, and how; every problem is found and named at once."""

import os
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from core.durations import Duration
from core.errors import ConfigError
from core.model.runs import Mode
from core.target import TargetSettings

FILE = "bots.toml"
VARIABLE = "UNDERSTUDY_ENV"

Profile = Literal["test", "uat", "live"]
Positive = Annotated[int, Field(ge=1)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class InstallationTable(_Table):
    """`[installation]`"""

    name: str = "Understudy"  # shown on every page and report
    profile: Profile = "live"  # which targets may be acted on; UNDERSTUDY_ENV overrides it
    database: str = "sqlite:///var/understudy.db"  # a relative SQLite path starts at the installation
    evidence: str = "var/evidence"  # a folder, or any fsspec URL
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


class TargetTable(_Table):
    """`[targets.<name>]`"""

    url: str | None = None  # where the system is
    profile: Profile = "live"
    simulator: bool = False  # a stand-in: bots may act on it without a certificate
    serve: str | None = None  # the module that starts the stand-in, e.g. "simulators.ledger"
    settle: Duration = timedelta(seconds=180)  # worst late commit plus search lag
    timeout: Duration = timedelta(seconds=30)  # longest wait for one page or control
    secrets: dict[str, str] = Field(default_factory=dict)  # role to secret name
    options: dict[str, Any] = Field(default_factory=dict)  # the target's own keys


class BotTable(_Table):
    """`[bots.<name>]`"""

    enabled: bool = True
    mode: Mode = Mode.SHADOW
    targets: tuple[str, ...] = ()
    attempts: Positive = 3
    stop_after: Positive = 5
    backoff: Duration = timedelta(seconds=30)
    lease: Duration = timedelta(seconds=60)
    linger: Duration = timedelta(seconds=60)
    settings: dict[str, Any] = Field(default_factory=dict)  # checked against the bot's own Settings


class BotsToml(_Table):
    """The whole file."""

    installation: InstallationTable = InstallationTable()
    people: dict[str, tuple[str, ...]] = Field(default_factory=dict)  # name to roles
    targets: dict[str, TargetTable] = Field(default_factory=dict)
    bots: dict[str, BotTable] = Field(default_factory=dict)


class Config:
    """A checked configuration."""

    def __init__(self, *, folder: Path, file: BotsToml, profile: Profile, sources: tuple[Path, ...]) -> None:
        self.folder = folder
        self.file = file
        self.profile = profile
        self.sources = sources

    def target(self, name: str) -> TargetSettings:
        """Return one target's settings."""
        table = self.file.targets[name]
        return TargetSettings(
            name=name,
            url=table.url,
            settle=table.settle,
            simulator=table.simulator,
            profile=table.profile,
            timeout=table.timeout,
            secrets=table.secrets,
            options=table.options,
        )

    def database_url(self) -> str:
        """Return the database URL with a relative SQLite path starting at the installation."""
        url = self.file.installation.database
        scheme = "sqlite:///"
        if url.startswith(scheme) and not url.startswith(scheme + "/"):
            return scheme + str(self.folder / url.removeprefix(scheme))
        return url

    def evidence_url(self) -> str:
        """Return the evidence folder or URL, a relative folder starting at the installation."""
        url = self.file.installation.evidence
        return url if "://" in url else str(self.folder / url)


def read_config(folder: Path, *, environment: Mapping[str, str] | None = None) -> Config:
    """Read bots.toml of a folder and its overlay; raise ConfigError with every problem found."""
    environment = os.environ if environment is None else environment
    main = folder / FILE
    if not main.is_file():
        raise ConfigError([f"{folder} has no {FILE}; go to an installation, or make one with `understudy new NAME`"])
    data = _read(main)
    sources = [main]
    chosen = environment.get(VARIABLE)
    if chosen:
        overlay = folder / f"bots.{chosen}.toml"
        if not overlay.is_file():
            raise ConfigError([f"{VARIABLE} is {chosen!r}, but {overlay} is not there; make it, or unset the variable"])
        data = _overlaid(data, _read(overlay))
        sources.append(overlay)
    where = " and ".join(path.name for path in sources)
    try:
        file = BotsToml.model_validate(data)
    except ValidationError as error:
        raise ConfigError([_problem(where, detail) for detail in error.errors()]) from error
    profile = _profile(chosen, file)
    problems = [*_cross_check(where, file, profile)]
    if problems:
        raise ConfigError(problems)
    return Config(folder=folder, file=file, profile=profile, sources=tuple(sources))


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"{path.name} is not valid TOML: {error}"]) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path.name} cannot be read: {error}"]) from error


def _overlaid(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(under)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _overlaid(merged[key], value) if both else value
    return merged


def _profile(chosen: str | None, file: BotsToml) -> Profile:
    match chosen:
        case "test" | "uat" | "live":
            return chosen
        case _:
            return file.installation.profile


def _cross_check(where: str, file: BotsToml, profile: Profile) -> list[str]:
    problems = []
    for name, bot in file.bots.items():
        for wanted in bot.targets:
            if wanted not in file.targets:
                known = ", ".join(file.targets) or "none"
                problems.append(f"{where}: bots.{name}.targets names {wanted!r}; targets here: {known}")
    for name, target in file.targets.items():
        if target.simulator and target.profile == "live":
            problems.append(
                f"{where}: targets.{name} is a simulator and cannot have profile 'live'; allowed: 'test', 'uat'"
            )
        elif target.profile != profile and any(name in bot.targets and bot.enabled for bot in file.bots.values()):
            problems.append(
                f"{where}: targets.{name}.profile is {target.profile!r} but this installation runs as {profile!r}; "
                f"set {VARIABLE}, or correct the profile"
            )
        if target.serve is not None and not target.simulator:
            problems.append(f"{where}: targets.{name}.serve starts a stand-in; allowed only with simulator = true")
    return problems


def _problem(where: str, detail: ErrorDetails) -> str:
    key = ".".join(str(part) for part in detail["loc"])
    match detail["type"]:
        case "extra_forbidden":
            return f"{where}: unknown key {key!r}; allowed here: {', '.join(_allowed_at(detail['loc']))}"
        case "missing":
            return f"{where}: {key!r} is missing"
        case _:
            return f"{where}: {key!r} is {detail['input']!r}: {detail['msg']}"


def _allowed_at(path: tuple[int | str, ...]) -> list[str]:
    model: type[BaseModel] = BotsToml
    by_name: dict[str, type[BaseModel]] = {
        "installation": InstallationTable,
        "targets": TargetTable,
        "bots": BotTable,
    }
    if len(path) > 1:
        model = by_name.get(str(path[0]), BotsToml)
    return sorted(model.model_fields)
