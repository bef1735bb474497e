"""Applying a person's changes to a step's result, and refusing what does not fit, before it is stored."""

import importlib
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from core.decisions.refused import DecisionRefused
from core.model.digests import load
from core.model.patches import PathError, corrected
from core.model.steps import Correction, StepRecord


def check_changes(record: StepRecord, changes: Mapping[str, Any], *, earlier: Iterable[Correction]) -> None:
    """Raise DecisionRefused when a path does not exist in the result or a value does not fit its field."""
    if not changes:
        raise DecisionRefused("NOTHING_CHANGED", "A correction names at least one field and its new value.")
    new = Correction(step=record.name, input_digest=record.input_digest, changes=changes, who="")
    try:
        result = corrected(record.result, [*earlier, new], step=record.name, input_digest=record.input_digest)
    except PathError as error:
        raise DecisionRefused("NO_SUCH_FIELD", str(error)) from error
    kind = _kind(record.result_type)
    if kind is None:
        return
    try:
        load(kind, result)
    except ValidationError as error:
        fields = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False))
        raise DecisionRefused("DOES_NOT_FIT", f"The new value does not fit: {fields}.") from error


def _kind(name: str) -> Any:
    module_name, _, qualified = name.partition(":")
    if not qualified:
        return None  # not a named type: the next attempt checks the corrected value
    try:
        found: Any = importlib.import_module(module_name)
        for part in qualified.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError):
        return None  # its module is not loaded here
    return found
