"""bots.toml: which bots and targets an installation runs, and how; every problem is found and named at once."""

import os
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from core.durations import Duration, Rate
from core.errors import ConfigError
from core.model.runs import Mode
from core.target import TargetSettings

FILE = "bots.toml"
VARIABLE = "UNDERSTUDY_ENV"

SHORTEST_LEASE = timedelta(seconds=10)  # a click keeps the last five seconds of it for itself


def _long_enough(value: timedelta) -> timedelta:
    if value < SHORTEST_LEASE:
        raise ValueError(f"a lease is at least {SHORTEST_LEASE.seconds}s")
    return value


def _some_time(value: timedelta) -> timedelta:
    if not value:
        raise ValueError("must be longer than nothing")
    return value


Profile = Literal["test", "uat", "live"]
Positive = Annotated[int, Field(ge=1)]
Lease = Annotated[Duration, AfterValidator(_long_enough)]
Timeout = Annotated[Duration, AfterValidator(_some_time)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class InstallationTable(_Table):
    """`[installation]`"""

    name: str = "Understudy"  # shown on every page and report
    profile: Profile = "live"  # which targets may be acted on; UNDERSTUDY_ENV overrides it
    database: str = "sqlite:///var/understudy.db"  # a relative SQLite path starts at the installation
    evidence: str = "var/evidence"  # a folder, or any fsspec URL
    evidence_key: str | None = None  # the name of a secret: evidence is encrypted with it
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


class TargetTable(_Table):
    """`[targets.<name>]`"""

    url: str | None = None  # where the system is
    profile: Profile = "live"
    simulator: bool = False  # a stand-in: bots may act on it without a certificate
    serve: str | None = None  # the module that starts the stand-in, e.g. "simulators.ledger"
    settle: Duration = timedelta(seconds=180)  # worst late commit, from the click on, plus search lag
    timeout: Timeout = timedelta(seconds=30)  # longest wait for one page or control
    slots: Positive | None = None  # sessions the system allows at a time, over all workers
    rate: Rate | None = None  # items begun on it, over all workers: "30/m"
    secrets: dict[str, str] = Field(default_factory=dict)  # role to secret name
    options: dict[str, Any] = Field(default_factory=dict)  # the target's own keys


class BotTable(_Table):
    """`[bots.<name>]`"""

    enabled: bool = True
    mode: Mode = Mode.SHADOW
    targets: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()  # for `understudy worker --tags`
    attempts: Positive = 3
    stop_after: Positive = 5
    backoff: Duration = timedelta(seconds=30)
    lease: Lease = timedelta(seconds=60)
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
            serve=table.serve,
            settle=table.settle,
            simulator=table.simulator,
            profile=table.profile,
            timeout=table.timeout,
            slots=table.slots,
            pace=table.rate,
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
    data = {main: _read(main)}
    chosen = environment.get(VARIABLE)
    if chosen:
        overlay = folder / f"bots.{chosen}.toml"
        if not overlay.is_file():
            raise ConfigError([f"{VARIABLE} is {chosen!r}, but {overlay} is not there; make it, or unset the variable"])
        data[overlay] = _read(overlay)
    file, mistakes = _checked(data)
    where = " and ".join(path.name for path in data)
    profile = _profile(chosen, file)
    problems = [_problem(_where(data, mistake["loc"]), mistake) for mistake in mistakes]
    problems += _cross_check(where, file, profile, mistaken={mistake["loc"][:2] for mistake in mistakes})
    if problems:
        raise ConfigError(problems)
    return Config(folder=folder, file=file, profile=profile, sources=tuple(data))


def _checked(data: Mapping[Path, dict[str, Any]]) -> tuple[BotsToml, list[ErrorDetails]]:
    """Return what is right in the files, each wrong value left at its default, and the mistakes."""
    merged: dict[str, Any] = {}
    for read in data.values():
        merged = overlaid(merged, read)
    try:
        return BotsToml.model_validate(merged), []
    except ValidationError as error:
        details = error.errors()
    for detail in details:
        _left_out(merged, detail["loc"])
    return BotsToml.model_validate(merged), details


def _left_out(data: dict[str, Any], path: tuple[int | str, ...]) -> None:
    """Take the wrong value out of the data; its table stays, so that what names the table is not wrong too."""
    *above, last = path
    for part in above:
        inside = data.get(str(part))
        if not isinstance(inside, dict):
            last = part
            break
        data = inside
    data.pop(str(last), None)


def _where(data: Mapping[Path, dict[str, Any]], path: tuple[int | str, ...]) -> str:
    """Name the file that has the last word on a key."""
    for file in reversed(list(data)):
        here: Any = data[file]
        for part in path:
            here = here.get(part) if isinstance(here, dict) else here
        if here is not None:
            return str(file.name)
    return " and ".join(file.name for file in data)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"{path.name} is not valid TOML: {error}"]) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path.name} cannot be read: {error}"]) from error


def overlaid(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Return the data of one file with that of another laid over it: tables merged, single values replaced."""
    merged = dict(under)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = overlaid(merged[key], value) if both else value
    return merged


def _profile(chosen: str | None, file: BotsToml) -> Profile:
    match chosen:
        case "test" | "uat" | "live":
            return chosen
        case _:
            return file.installation.profile


def _cross_check(where: str, file: BotsToml, profile: Profile, *, mistaken: set[tuple[int | str, ...]]) -> list[str]:
    problems = []
    for name, bot in file.bots.items():
        for wanted in bot.targets:
            if wanted not in file.targets:
                known = ", ".join(file.targets) or "none"
                problems.append(f"{where}: bots.{name}.targets names {wanted!r}; targets here: {known}")
    for name, target in file.targets.items():
        if ("targets", name) in mistaken:
            continue
        if target.simulator and target.profile == "live":
            problems.append(
                f"{where}: targets.{name} is a simulator and cannot have profile 'live'; allowed: 'test', 'uat'"
            )
        elif target.profile != profile and any(name in bot.targets and bot.enabled for bot in file.bots.values()):
            problems.append(
                f"{where}: targets.{name}.profile is {target.profile!r} but this installation runs as {profile!r}; "
                f"set {VARIABLE}, or correct the profile"
            )
        if target.serve is not None and target.url is not None:
            problems.append(f"{where}: targets.{name} has both serve and url; serve starts it at an address of its own")
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
