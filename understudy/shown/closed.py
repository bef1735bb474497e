"""The targets that are closed now, as JSON data and as text."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from understudy.shown.paper import Paper

if TYPE_CHECKING:
    from core.config import Config


def closed_data(config: "Config", now: datetime) -> list[dict[str, Any]]:
    """Return the targets closed at an instant, why, and until when; `until` is absent when no opening is known."""
    from core.timing.closed import closed_at

    found = {name: closed_at({name: hours}, now) for name, hours in config.hours().items()}
    return [
        {"target": name, "why": closed.why, "until": closed.until}
        for name, closed in found.items()
        if closed is not None
    ]


def show_closed(paper: Paper, closed: Sequence[Mapping[str, Any]]) -> None:
    """Write one line for each closed target."""
    for one in closed:
        paper.line(f"Closed: {one['why']}")
