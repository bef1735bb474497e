"""An error that a look raised, written down as what the look saw, so that a replay meets it again."""

from collections.abc import Callable, Mapping
from typing import Any

from core.errors import (
    ApplicationException,
    BusinessException,
    FileUnreadable,
    LoginFailed,
    PortalChanged,
    PortalUnavailable,
    SessionLost,
    UnderstudyError,
)

_MARK = "raised:"
_AGAIN: Mapping[str, Callable[[Mapping[str, Any]], UnderstudyError]] = {
    kind.__name__: again
    for kind, again in (
        (BusinessException, lambda told: BusinessException(told["code"], told["message"], fields=told["fields"])),
        (FileUnreadable, lambda told: FileUnreadable(told["code"], told["message"], permanent=told["permanent"])),
        (PortalUnavailable, lambda told: PortalUnavailable(told["message"], code=told["code"])),
        (PortalChanged, lambda told: PortalChanged(told["message"], code=told["code"])),
        (LoginFailed, lambda told: LoginFailed(told["message"], code=told["code"])),
        (SessionLost, lambda told: SessionLost(told["message"])),
        (ApplicationException, lambda told: ApplicationException(told["code"], told["message"])),
    )
}


def written(error: BusinessException | ApplicationException) -> tuple[str, dict[str, Any]]:
    """Return what stands in place of the type of the look's result, and the error as JSON data."""
    kind = next(base.__name__ for base in type(error).__mro__ if base.__name__ in _AGAIN)
    told: dict[str, Any] = {"code": error.code, "message": error.message}
    if isinstance(error, BusinessException):
        told["fields"] = list(error.fields)
    if isinstance(error, FileUnreadable):
        told["permanent"] = error.permanent
    return _MARK + kind, told


def again(result_type: str, result: Any) -> UnderstudyError | None:
    """Return the error that a recorded look raised; None when it gave an answer."""
    if not result_type.startswith(_MARK):
        return None
    return _AGAIN[result_type.removeprefix(_MARK)](result)
