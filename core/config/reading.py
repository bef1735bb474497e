"""Reading bots.toml: every problem is found and named at once."""

import os
import tomllib
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from core.config.alerts import problems_of
from core.config.problems import Wrong, said, shown
from core.config.tables import PARTS, BotsToml, Profile
from core.errors import ConfigError
from core.target import TargetSettings

if TYPE_CHECKING:
    from core.config.timing import Timing
    from core.timing.calendars import Calendar
    from core.timing.hours import Hours
    from core.timing.schedule import Schedule

FILE = "bots.toml"
VARIABLE = "UNDERSTUDY_ENV"


class Config:
    """A checked configuration."""

    def __init__(
        self, *, folder: Path, file: BotsToml, profile: Profile, sources: tuple[Path, ...], wrong: Wrong = frozenset()
    ) -> None:
        """`wrong`: the keys whose values were refused and stand at their defaults."""
        self.folder = folder
        self.file = file
        self.profile = profile
        self.sources = sources
        self._wrong = wrong

    @property
    def _has_hours(self) -> bool:
        return any(target.has_hours for target in self.file.targets.values())

    @property
    def _has_schedules(self) -> bool:
        return any(bot.schedules for bot in self.file.bots.values())

    @cached_property
    def _timing(self) -> "Timing":
        from core.config.timing import Timing

        return Timing(self.file, folder=self.folder, where=_names(self.sources), wrong=self._wrong)

    def problems_of_time(self) -> list[str]:
        """Return what is wrong with calendars, hours and schedules; nothing is loaded where the file has none."""
        says_when = bool(self.file.calendars) or self._has_hours or self._has_schedules
        return self._timing.all_problems() if says_when else []

    def calendars(self) -> "Mapping[str, Calendar]":
        """Return every calendar by name, with the one called `default`."""
        return self._timing.calendars

    def calendars_in_use(self) -> "tuple[Calendar, ...]":
        """Return the calendars that decide when a schedule is due or a target is open; the others may end unnoticed."""
        return self._timing.calendars_in_use

    def hours(self) -> "Mapping[str, Hours]":
        """Return the hours of each target that has any, by target."""
        return self._timing.hours if self._has_hours else {}

    def hours_of(self, bot: str) -> "Mapping[str, Hours]":
        """Return the hours of a bot's targets that have any, by target."""
        return self._timing.hours_of(bot) if self._has_hours else {}

    def schedules(self) -> "tuple[Schedule, ...]":
        """Return the schedules that are enabled, of enabled bots, in the file's order."""
        return self._timing.schedules if self._has_schedules else ()

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
    where = _names(data)
    profile = _profile(chosen, file)
    problems = [_problem(_where(data, mistake["loc"]), mistake) for mistake in mistakes]
    problems += _cross_check(where, file, profile, mistaken={mistake["loc"][:2] for mistake in mistakes})
    wrong = {mistake["loc"] for mistake in mistakes}
    config = Config(folder=folder, file=file, profile=profile, sources=tuple(data), wrong=wrong)
    problems += config.problems_of_time()
    problems += problems_of(file.alerts, where=where, wrong=wrong)
    if problems:
        raise ConfigError(problems)
    return config


def _names(files: Iterable[Path]) -> str:
    return " and ".join(path.name for path in files)


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
    try:
        return BotsToml.model_validate(merged), details
    except ValidationError as error:  # a key that must be given: its table cannot be without it
        for detail in error.errors():
            _left_out(merged, detail["loc"][:-1])
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
    return _names(data)


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
            return f"{where}: {key!r} is {shown(detail['input'])}: {said(detail)}"


def _allowed_at(path: tuple[int | str, ...]) -> list[str]:
    """Return the keys of the table in which a key was not known."""
    model: type[BaseModel] = BotsToml
    for part in path[:-1]:
        info = model.model_fields.get(str(part))
        found = None if info is None else PARTS.get((model, str(part)))
        model = found or model
    return sorted(model.model_fields)
