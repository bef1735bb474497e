"""A target that stands for itself in a replay: it has the methods a bot names, and none of them can be called."""

import inspect
from collections.abc import Callable
from functools import lru_cache, wraps
from types import MethodType
from typing import Any, TypeVar

from core.runtime.endings import Ending
from core.target import Target, TargetSettings

T = TypeVar("T")


class CannotReplay(Ending):
    """The item cannot be gone through again; `why` is a sentence."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def unopened(kind: type[T], settings: TargetSettings) -> T:
    """Return a target of this kind that was never made ready.

    It gives its settings and what its class says in plain values; its methods may be named (in `ctx.look` and as
    `find` and `do` of an effect), and end the replay of the item when they are called.
    """
    hashable: Any = kind
    made = object.__new__(_stand_in(hashable))
    object.__setattr__(made, "_settings", settings)
    stand_in: T = made
    return stand_in


@lru_cache(maxsize=64)
def _stand_in(kind: type[Any]) -> Any:
    stand_in = type(kind.__name__, (kind,), {"__getattribute__": _attribute, "__module__": kind.__module__})
    stand_in.__abstractmethods__ = frozenset()  # type: ignore[attr-defined]
    return stand_in


def _attribute(target: Target, name: str) -> Any:
    if name.startswith("__"):
        return object.__getattribute__(target, name)
    if name == "settings":
        return object.__getattribute__(target, "_settings")
    found = inspect.getattr_static(type(target), name, _NOTHING)
    if isinstance(found, staticmethod | classmethod):
        found = found.__func__
    if inspect.isfunction(found):
        return MethodType(_refusing(found), target)
    if found is _NOTHING or hasattr(type(found), "__get__"):
        raise _used(target, name)
    return found


_NOTHING = object()


@lru_cache(maxsize=512)
def _refusing(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def refused(target: Target, *args: object, **kwargs: object) -> None:
        raise _used(target, method.__name__)

    return refused


def _used(target: Target, name: str) -> CannotReplay:
    return CannotReplay(f"the bot uses {type(target).__name__}.{name} outside a look; what it gave was not recorded")
