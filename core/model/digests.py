"""One way to write any value down, so that two equal values have one digest and a stored value comes back typed."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic_core import to_jsonable_python

from core.model.documents import Document


def plain(value: object) -> Any:
    """Return the value as JSON data: records become objects, Decimals and instants strings.

    Raises TypeError for what has no plain form (an open file, a browser page).
    """
    if value is None or isinstance(value, str | int | bool):
        return value
    if isinstance(value, Document):
        return {"sha256": value.sha256, "name": value.name, "size": value.size}
    if isinstance(value, BaseModel):
        return {name: plain(getattr(value, name)) for name in type(value).model_fields}
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
    return to_jsonable_python(value)


def canonical(value: object) -> str:
    """Return the value as canonical JSON: sorted keys, no spaces."""
    return json.dumps(plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(value: object) -> str:
    """Return the SHA-256 (hex) of the value's canonical JSON."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def load(kind: Any, stored: Any) -> Any:
    """Turn JSON data back into the declared type; raise pydantic.ValidationError when it does not fit."""
    return _adapter(kind).validate_python(stored)


def dump(kind: Any, value: object) -> Any:
    """Return a value of a declared type as JSON data that `load` turns back."""
    return _adapter(kind).dump_python(value, mode="json")


@lru_cache(maxsize=512)
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _key(key: object) -> str:
    return key if isinstance(key, str) else str(plain(key))
