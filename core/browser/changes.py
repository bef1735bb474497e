"""The mark on methods that change the outside: they run inside an effect or not at all."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from core.model.guards import Guard


class Guarded(Protocol):
    """Anything that knows the running effect: a page object, a target."""

    @property
    def guard(self) -> Guard:
        """The running effect."""


S = TypeVar("S", bound=Guarded)
P = ParamSpec("P")
R = TypeVar("R")


def changes(method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """Mark a method of a page object or target that changes the outside; outside an effect it raises OutsideEffect."""

    @wraps(method)
    def guarded(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        self.guard.require(f"{type(self).__name__}.{method.__name__}")
        return method(self, *args, **kwargs)

    return guarded
