"""The report of a replay, as JSON data and as text: how many items would go as they went, and what of the others."""

import json
import re
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.model.replays import Replayed, Verdict
from core.model.runs import ExitCode
from core.runtime import LoadedBot
from understudy.shown.paper import Paper, Style, at

_ENTRY = re.compile(r"\.\d+(?=\.|$)")  # the number of an entry in a list
_SILENT = {Verdict.SAME, Verdict.NO_ENDING}
_WORDS = {
    Verdict.SAME: "would go as they went",
    Verdict.CHANGED: "would go another way",
    Verdict.NEEDS_LOOK: "need a look that was not made then",
    Verdict.NOT_REPLAYABLE: "cannot be replayed",
    Verdict.NO_ENDING: "have not been decided yet: nothing to compare",
}


class ReplayReport:
    """Counts what became of each item, and keeps those that a person must see."""

    def __init__(self, bot: LoadedBot, *, since: datetime | None) -> None:
        self._bot = bot
        self._since = since
        self._counts: Counter[Verdict] = Counter()
        self._told: list[dict[str, Any]] = []

    def add(self, one: Replayed) -> None:
        """Count an item."""
        self._counts[one.verdict] += 1
        if one.verdict not in _SILENT:
            self._told.append(_item(one))

    @property
    def exit_code(self) -> ExitCode:
        """0 when each item that was decided would go as it went, otherwise 1."""
        return ExitCode.FAILED if self._told else ExitCode.GREEN

    def data(self) -> dict[str, Any]:
        """Return the report as JSON data."""
        return {
            "bot": self._bot.name,
            "version": self._bot.version,
            "since": self._since,
            "exit_code": int(self.exit_code),
            "counts": {str(verdict): self._counts[verdict] for verdict in Verdict},
            "items": self._told,
        }


def _item(one: Replayed) -> dict[str, Any]:
    return {
        "reference": one.reference,
        "item": one.item_id,
        "document": one.document,
        "attempt": one.attempt,
        "version": one.version,
        "verdict": str(one.verdict),
        "why": one.why,
        "differences": [{"where": d.where, "was": d.was, "now": d.now} for d in one.differences],
    }


def show_replay(data: Mapping[str, Any]) -> None:
    """Write the report for a person: how many first, then what changes, then each item with all that does."""
    paper = Paper()
    since = "" if data["since"] is None else f", items changed since {at(data['since'])}"
    good = data["exit_code"] == ExitCode.GREEN
    told = "nothing would change" if good else "NOT every item would go as it went"
    paper.line(f"{data['bot']} {data['version']}{since}: {told}", style=Style.GOOD if good else Style.BAD)
    paper.table(("items", ""), [(number, _WORDS[Verdict(name)]) for name, number in data["counts"].items() if number])
    _show_places(paper, data)
    for one in data["items"]:
        _show_item(paper, one)


def _show_places(paper: Paper, data: Mapping[str, Any]) -> None:
    places: Counter[str] = Counter()
    for one in data["items"]:
        places.update(list(dict.fromkeys(_ENTRY.sub(".*", difference["where"]) for difference in one["differences"])))
    if places:
        paper.heading("What would be another")
        paper.table(("where", "items"), places.most_common())


def _show_item(paper: Paper, one: Mapping[str, Any]) -> None:
    document = "" if one["document"] is None else f" ({one['document']})"
    paper.heading(f"{one['reference']}{document}, attempt {one['attempt']} by {one['version']}")
    if one["why"]:
        paper.line(one["why"], indent=2)
    for difference in one["differences"]:
        paper.line(f"{difference['where']}: {_short(difference['was'])} -> {_short(difference['now'])}", indent=2)


def _short(value: Any) -> str:
    if value is None:
        return "-"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
