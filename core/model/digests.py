"""One way to write any value down, so that one value has one digest and a stored value comes back typed."""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.errors import PydanticUserError
from pydantic_core import PydanticSerializationError, to_jsonable_python

from core.model.documents import Document

_written = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


def plain(value: object) -> Any:
    """Return the value as JSON data: records become objects, Decimals and instants strings.

    Raises TypeError for what has no plain form (an open file, a generator, a browser page).
    """
    if value is None or isinstance(value, str | int | bool):
        return value
    if isinstance(value, Document):
        return {"sha256": value.sha256, "name": value.name, "size": value.size}
    if isinstance(value, BaseModel):
        named = {name: plain(getattr(value, name)) for name in type(value).model_fields}
        return named | {name: plain(extra) for name, extra in (value.model_extra or {}).items()}
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {_key(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted((plain(item) for item in value), key=canonical)
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Iterator):
        raise TypeError(f"a {type(value).__name__} would be used up by writing it down; make it a list or a tuple")
    try:
        return to_jsonable_python(value)
    except PydanticSerializationError as error:
        raise TypeError(f"a {type(value).__name__} cannot be written down as data") from error


def canonical(value: object) -> str:
    """Return the value as canonical JSON: sorted keys, no spaces."""
    return _written(plain(value))


def digest(value: object) -> str:
    """Return the SHA-256 (hex) of the value's canonical JSON."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def load(kind: Any, stored: Any) -> Any:
    """Turn JSON data back into the declared type; raise pydantic.ValidationError when it does not fit."""
    return _adapter(kind).validate_python(stored)


def dump(kind: Any, value: object) -> Any:
    """Return a value of a declared type as JSON data that `load` turns back."""
    return _adapter(kind).dump_python(value, mode="json")


def restore(kind: Any, written: Any) -> Any:
    """Turn what `plain` wrote down back into the declared type; raise ValueError when anything is lost or made up."""
    try:
        value = _adapter(kind).validate_json(json.dumps(written))
    except PydanticUserError as error:
        raise ValueError(f"a {kind!r} cannot be made of what was written down") from error
    if plain(value) != written:
        raise ValueError(f"what was written down is not, to the last field, a {kind!r}")
    return value


def require_frozen(effect: str, plan: object) -> None:
    """Raise TypeError unless the plan is a frozen record: what was shown and approved is what is done."""
    frozen = isinstance(plan, str | int | tuple)
    if isinstance(plan, BaseModel):
        frozen = bool(plan.model_config.get("frozen"))
    elif is_dataclass(plan) and not isinstance(plan, type):
        frozen = type(plan).__dataclass_params__.frozen  # type: ignore[attr-defined]
    if not frozen:
        raise TypeError(
            f"the plan of effect {effect!r} is a {type(plan).__name__} that can be changed after it was approved; "
            "make it a frozen pydantic model or a frozen dataclass"
        )


def storable(text: str) -> str:
    """Return a text as every database takes it: half characters and NULs, which documents hold, are replaced."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


@lru_cache(maxsize=512)
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _key(key: object) -> str:
    return key if isinstance(key, str) else str(plain(key))
