"""A receipt is the target's number for what was done, so that a person who looked it up can type it."""

from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from pydantic import BaseModel


def require_one_number(effect: str, kind: Any) -> None:
    """Raise TypeError when a receipt of this type could not be made of the one number that a person types."""
    required = _required(kind)
    if required is not None and len(required) != 1:
        raise TypeError(
            f"the receipt of effect {effect!r} is {kind.__name__}, whose required fields are "
            f"{', '.join(required) or 'none'}; a receipt has one, the target's number, since that is what a person "
            "can type"
        )


def from_number(kind: Any, number: str) -> Any:
    """Return the JSON data of a receipt of this type, made of the number a person typed."""
    if kind is type(None):
        return None
    required = _required(kind)
    return number if required is None else {required[0]: number}


def _required(kind: Any) -> list[str] | None:
    """Return the names a record needs; None for what is no record."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [name for name, info in kind.model_fields.items() if info.is_required()]
    if isinstance(kind, type) and is_dataclass(kind):
        return [f.name for f in fields(kind) if f.init and f.default is MISSING and f.default_factory is MISSING]
    return None
