"""What `understudy try` shows of a document: what was read, and the checks that need nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.model.outcomes import CheckOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialValue:
    """One value with the place it was read from."""

    value: Any  # JSON data; an amount as a text with a decimal point; None when it was not found
    page: int | None = None  # from 1
    box: tuple[float, float, float, float] | None = None  # x0, top, x1, bottom in points
    source: str | None = None  # "page" or "xml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """The result for one file."""

    fields: Mapping[str, TrialValue]
    lines: tuple[Mapping[str, Any], ...] = ()  # JSON data
    checks: tuple[CheckOutcome, ...] = field(default=())
    verdict: str  # in one word: what would happen as far as the document goes

    def data(self, file: str) -> dict[str, Any]:
        """Return the result for the file of this name as JSON data, boxes to a tenth of a point."""
        return {
            "file": file,
            "fields": {
                name: {"value": one.value, "page": one.page, "box": _tenths(one.box), "source": one.source}
                for name, one in self.fields.items()
            },
            "lines": [{**line, "box": _tenths(line["box"])} if "box" in line else dict(line) for line in self.lines],
            "checks": [
                {"code": one.code, "outcome": str(one.outcome), "found": one.found, "expected": one.expected}
                for one in self.checks
            ],
            "verdict": self.verdict,
        }


def _tenths(box: Sequence[float] | None) -> list[float] | None:
    return None if box is None else [round(place, 1) for place in box]
