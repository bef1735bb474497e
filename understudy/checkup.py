"""Looking at everything an installation needs before a run, without stopping at the first problem."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from audit.errors import AuditError, KeyProblem
from core.clock import Clock
from core.errors import ConfigError, OutsideEffect, SecretMissing, UnderstudyError
from core.installation import Installation
from core.model.runs import ExitCode
from core.registry import MOUNTED
from core.target import Access, Target, TargetSettings
from core.timing.calendars import FURTHEST, Nation
from core.timing.openings import first_opening
from core.timing.schedule import Schedule, Slot, report_by
from core.timing.zones import local_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One part that was looked at."""

    part: str
    good: bool
    says: str
    code: ExitCode = ExitCode.GREEN


@dataclass(slots=True)
class Checkup:
    """What was found, part by part."""

    findings: list[Finding] = field(default_factory=list)

    @classmethod
    def of(cls, folder: Path, *, clock: Clock | None = None) -> "Checkup":
        """Look at an installation; nothing is acted on and no target is logged in to."""
        checkup = cls()
        try:
            installation = Installation.open(folder, clock=clock)
        except ConfigError as error:
            checkup.bad("configuration", error, ExitCode.CONFIGURATION)
            return checkup
        with installation:
            names = ", ".join(path.name for path in installation.config.sources)
            checkup.good("configuration", f"{names} in {installation.folder}, as {installation.config.profile}")
            checkup._calendars(installation)
            checkup._hours(installation)
            checkup._schedules(installation)
            checkup._store(installation)
            checkup._evidence(installation)
            checkup._bots(installation)
            checkup._secrets(installation)
            checkup._targets(installation)
        return checkup

    @property
    def exit_code(self) -> int:
        """The gravest finding: configuration before credentials before targets; 0 when all is good."""
        return max((int(finding.code) for finding in self.findings), default=0)

    def good(self, part: str, says: str) -> None:
        """Note a part that is in order."""
        self.findings.append(Finding(part=part, good=True, says=says))

    def bad(self, part: str, error: UnderstudyError | AuditError, code: ExitCode) -> None:
        """Note what is wrong with a part, each problem for itself."""
        problems = error.problems if isinstance(error, ConfigError) else (error.message,)
        self.findings.extend(Finding(part=part, good=False, says=problem, code=code) for problem in problems)

    def remind(self, part: str, says: str) -> None:
        """Note what is to be mended soon; until then everything runs."""
        self.findings.append(Finding(part=part, good=False, says=says))

    def _calendars(self, installation: Installation) -> None:
        today = installation.clock.now().astimezone(installation.config.file.installation.zone).date()
        for calendar in installation.config.calendars_in_use():
            warning = calendar.warning(today)
            if warning is not None:
                self.remind("calendars", warning)
            elif calendar.nation is Nation.NONE:
                self.good("calendars", f"{calendar.name}: no bank holidays")
            else:
                nation, until = calendar.nation.replace("-", " ").title(), calendar.known_until()
                self.good("calendars", f"{calendar.name}: bank holidays of {nation}, known until {until:%d %B %Y}")

    def _hours(self, installation: Installation) -> None:
        now = installation.clock.now()
        for name, hours in installation.config.hours().items():
            why, closes = hours.why_closed(now), hours.closes_at(now)
            if hours.next_open(now) is None:
                self.bad("hours", ConfigError([f"{why}; correct the hours of targets.{name}"]), ExitCode.CONFIGURATION)
            elif why is not None:
                self.good("hours", why)
            else:
                until = f"closes {local_text(closes, hours.zone)} ({hours.zone.key})" if closes else "does not close"
                self.good("hours", f"{name} is open; it {until}")
        self._hours_together(installation, now)

    def _hours_together(self, installation: Installation, now: datetime) -> None:
        """A bot begins an item only while all its targets are open: some such time must come."""
        for name, bot in installation.config.file.bots.items():
            hours = installation.config.hours_of(name)
            each_opens = all(one.next_open(now) is not None for one in hours.values())
            if bot.enabled and each_opens and first_opening(hours.values(), now) is None:
                never = f"bots.{name} could never begin: its targets {' and '.join(hours)} are not open together"
                wrong = ConfigError([f"{never} within {FURTHEST} days; correct their hours"])
                self.bad("hours", wrong, ExitCode.CONFIGURATION)

    def _schedules(self, installation: Installation) -> None:
        schedules = installation.config.schedules()
        if not schedules:
            return
        from schedules.clockwork import next_slot

        now = installation.clock.now()
        for schedule in schedules:
            slot = next_slot(schedule, now)
            if slot is not None:
                self.good("schedules", f"{schedule.bot}/{schedule.name}: {_next_in_words(schedule, slot)}")
                continue
            self.bad(
                "schedules",
                ConfigError([
                    f"{schedule.bot}/{schedule.name} is never due: no workday or open hour comes within "
                    f"{FURTHEST} days; correct its form, its calendar or the hours"
                ]),
                ExitCode.CONFIGURATION,
            )  # fmt: skip

    def _store(self, installation: Installation) -> None:
        try:
            installation.seal(checkpoint=False)
            _same_keys(installation)
            self.good("store", installation.database.engine.url.render_as_string(hide_password=True))
        except SQLAlchemyError as error:
            why = getattr(error, "orig", None) or type(error).__name__
            self.bad("store", ConfigError([f"the database does not open: {why}"]), ExitCode.CONFIGURATION)
        except (UnderstudyError, AuditError) as error:
            self.bad("store", error, ExitCode.CONFIGURATION)

    def _evidence(self, installation: Installation) -> None:
        from audit.evidence import hidden

        try:
            installation.evidence.probe()
            key = installation.config.file.installation.evidence_key
            place = hidden(installation.config.evidence_url())
            self.good("evidence", f"{place}, {'not encrypted' if key is None else f'encrypted with {key}'}")
        except SecretMissing as error:
            self.bad("evidence", error, ExitCode.CREDENTIALS)
        except ConfigError as error:
            self.bad("evidence", error, ExitCode.CONFIGURATION)
        except AuditError as error:
            self.bad("evidence", ConfigError([f"installation.evidence: {error.message}"]), ExitCode.CONFIGURATION)

    def _bots(self, installation: Installation) -> None:
        try:
            loaded = installation.bots()
        except ConfigError as error:
            self.bad("bots", error, ExitCode.CONFIGURATION)
            return
        for name, bot in loaded.items():
            self.good("bots", f"{name} {bot.version}, {bot.mode}")
        if not loaded:
            self.good("bots", "none yet; `understudy new NAME` writes one")

    def _secrets(self, installation: Installation) -> None:
        wanted = {
            secret
            for name in _targets_in_use(installation)
            for secret in installation.config.target(name).secrets.values()
        } | installation.config.file.alerts.secrets()
        for secret in sorted(wanted):
            try:
                installation.secrets.get(secret)
                self.good("secrets", f"{secret} is there")
            except SecretMissing as error:
                self.bad("secrets", error, ExitCode.CREDENTIALS)

    def _targets(self, installation: Installation) -> None:
        classes = {cls.name: cls for cls in _loaded_targets() if cls.name in _targets_in_use(installation)}
        if not classes:
            return
        from core.browser import BrowserTarget

        if any(issubclass(cls, BrowserTarget) for cls in classes.values()):
            self._browser(installation)
        for name, cls in sorted(classes.items()):
            try:
                _probe(installation, name, cls)
                self.good("targets", f"{name} answers")
            except ConfigError as error:
                self.bad("targets", error, ExitCode.CONFIGURATION)
            except UnderstudyError as error:
                self.bad("targets", error, ExitCode.TARGET)

    def _browser(self, installation: Installation) -> None:
        from core.browser import find_browser

        try:
            found = find_browser(cache=installation.var / "browser.json", install=False)
            self.good("browser", f"{found.executable or 'Playwright Chromium'}, version {found.version}")
        except ConfigError as error:
            self.bad("browser", error, ExitCode.CONFIGURATION)


def _next_in_words(schedule: Schedule, slot: Slot) -> str:
    """Say when a schedule is due next, by when it must have reported, and which targets are closed then."""
    zone = schedule.timetable.zone
    by = report_by(schedule, slot)
    reported = f", to have reported by {local_text(by, zone)}" if by else ""
    closed = "".join(f"; then {why}" for hours in schedule.hours if (why := hours.why_closed(slot.due)))
    return f"due next {local_text(slot.due, zone)} ({zone.key}){reported}{closed}"


def _same_keys(installation: Installation) -> None:
    """Raise KeyProblem when the trail is signed with a key this host does not have: several hosts share their keys."""
    from audit.checkpoints import newest

    with installation.database.reading() as tx:
        signed = newest(tx.connection)
    if signed is not None and signed.key_id not in {key.key_id for key in installation.keys.public_keys()}:
        raise KeyProblem(
            f"the trail is signed with key {signed.key_id}, which is not in {installation.var / 'keys'}; copy that "
            "folder from the host that signs, so that all hosts sign with one key"
        )


def _targets_in_use(installation: Installation) -> set[str]:
    return {name for bot in installation.config.file.bots.values() if bot.enabled for name in bot.targets}


def _loaded_targets(of: type[Target] = Target) -> Iterator[type[Target]]:
    """Yield every target class that a bot of this installation has imported."""
    for cls in of.__subclasses__():
        module = sys.modules.get(cls.__module__)
        mounted = cls.__module__.partition(".")[0] in MOUNTED
        if mounted and hasattr(cls, "name") and getattr(module, cls.__name__, None) is cls:
            yield cls
        yield from _loaded_targets(cls)


def _probe(installation: Installation, name: str, cls: type[Target]) -> None:
    """Ask a target for an answer, starting its stand-in where it has one."""
    settings = installation.config.target(name)
    if settings.serve is not None:
        settings = replace(settings, url=installation.standins.url(name, module=settings.serve))
    cls(_access(installation, settings)).probe()


def _access(installation: Installation, settings: TargetSettings) -> Access:
    return Access(
        settings=settings,
        guard=_NothingRuns(),
        clock=installation.clock,
        secret=lambda role: installation.secrets.get(settings.secrets[role]),
        login_turn=_no_login,
        browser=_no_browser(settings.name),
        folder=installation.folder,
    )


class _NothingRuns:
    """The guard of a target that is only asked whether it answers."""

    def require(self, what: str) -> None:
        raise OutsideEffect(what)

    def committing(self) -> None:
        raise OutsideEffect("a click that cannot be taken back")

    def evidence(self, name: str, data: bytes, *, media_type: str) -> None:
        """Keep nothing."""


@contextmanager
def _no_login() -> Iterator[None]:
    raise OutsideEffect("a login")
    yield


def _no_browser(name: str) -> Callable[[], Any]:
    def refuse() -> Any:
        raise OutsideEffect(f"a browser for {name}")

    return refuse
