"""The errors a bot, a target or the toolkit raises, grouped by who must act on them.

A `BusinessException` waits for a person. An `ApplicationException` waits for a system. A `ConfigError` waits for
whoever wrote the file. Messages are read by a clerk: what was found, where, what was expected, what to do now; never
personal data, never a password.
"""

from collections.abc import Sequence


class UnderstudyError(Exception):
    """Any error the toolkit raises on purpose.

    `code` is stable, in CAPITALS and documented; `message` is a sentence for a person.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class BusinessException(UnderstudyError):
    """Data or a rule that only a person can settle; never retried.

    `fields` names the values in doubt, as dotted paths into the step's result, so that a reviewer sees them first.
    """

    def __init__(self, code: str, message: str, *, fields: Sequence[str] = ()) -> None:
        super().__init__(code, message)
        self.fields = tuple(fields)


class ApplicationException(UnderstudyError):
    """A system that did not answer as it should; retried with backoff and counted by the breaker."""


class PortalUnavailable(ApplicationException):
    """A target did not answer, answered with a server error, or shows a maintenance page."""

    def __init__(self, message: str, *, code: str = "PORTAL_UNAVAILABLE") -> None:
        super().__init__(code, message)


class SessionLost(PortalUnavailable):
    """A target asked for a login in the middle of the work; the worker logs in again and repeats the attempt once."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="SESSION_LOST")


class PortalChanged(ApplicationException):
    """A page is not what the target's page object expects: a label gone, a field moved, a dialog in the way."""

    def __init__(self, message: str, *, code: str = "PORTAL_CHANGED") -> None:
        super().__init__(code, message)


class LoginFailed(ApplicationException):
    """A target refused the credentials; never retried, the target is held on all workers until released."""

    def __init__(self, message: str, *, code: str = "LOGIN_FAILED") -> None:
        super().__init__(code, message)


class FileUnreadable(ApplicationException):
    """A document that could not be read.

    `permanent` is True when reading it again cannot help (encrypted, truncated, not what its name says): the item then
    goes to a person and the breaker does not count it.
    """

    def __init__(self, code: str, message: str, *, permanent: bool) -> None:
        super().__init__(code, message)
        self.permanent = permanent


class StoreUnavailable(ApplicationException):
    """The database does not answer: it is down, locked, full, or the connection was lost.

    Whether what was being committed took is unknown; the worker looks again when the database answers.
    """

    def __init__(self, reason: str) -> None:
        super().__init__("STORE_UNAVAILABLE", f"the store does not answer: {reason}")


class ConfigError(UnderstudyError):
    """A file or setting that must be mended before anything runs; carries every problem found, not only the first."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("CONFIGURATION", "\n".join(problems))
        self.problems = tuple(problems)


class SecretMissing(ConfigError):
    """A secret that is named in bots.toml and found neither in the environment nor in a file."""

    def __init__(self, name: str, places: Sequence[str]) -> None:
        super().__init__([f"secret {name!r} was not found; looked in: {', '.join(places)}"])
        self.name = name


class OutsideEffect(UnderstudyError):
    """A page method that changes the outside was called where no effect is running; a mistake in the bot."""

    def __init__(self, what: str) -> None:
        super().__init__("OUTSIDE_EFFECT", f"{what} changes the outside and may run only as `do` of ctx.effect")


class Fenced(UnderstudyError):
    """This worker no longer holds the item (its lease lapsed or another worker took over); it must not act."""

    def __init__(self, message: str) -> None:
        super().__init__("FENCED", message)
