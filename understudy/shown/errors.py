"""From an error to the sentence a person reads and the exit code a scheduler reads."""

from sqlalchemy.exc import OperationalError

from audit.errors import AuditError
from core.errors import ConfigError, LoginFailed, PortalChanged, PortalUnavailable, SecretMissing, UnderstudyError
from core.model.runs import ExitCode


def explained(error: Exception) -> tuple[str, int] | None:
    """Return sentence and exit code; None for an error nobody provided for."""
    if isinstance(error, ConfigError):
        code = ExitCode.CREDENTIALS if isinstance(error, SecretMissing) else ExitCode.CONFIGURATION
        return problems_in_words(error.problems), int(code)
    if isinstance(error, AuditError):
        return f"{error.code}: {error.message}", int(ExitCode.TRAIL)
    if isinstance(error, UnderstudyError):
        return f"{error.code}: {error.message}", int(_code_of(error))
    if isinstance(error, OperationalError):
        return f"DATABASE: the store does not answer: {error.orig}. Nothing was changed.", int(ExitCode.FAILED)
    return None


def problems_in_words(problems: tuple[str, ...]) -> str:
    """Return every problem as a line of its own, below how many there are."""
    head = "1 problem to mend:" if len(problems) == 1 else f"{len(problems)} problems to mend:"
    return "\n".join([head, *(f"  - {problem}" for problem in problems)])


def _code_of(error: UnderstudyError) -> ExitCode:
    if isinstance(error, LoginFailed):
        return ExitCode.CREDENTIALS
    if isinstance(error, PortalUnavailable | PortalChanged):
        return ExitCode.TARGET
    return ExitCode.FAILED
