"""How notices become one message: what happened, what it means, what is safe, what to type."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from core.model.notices import Alert, Notice, Part, Severity
from core.notify.message import Link, Message

MOST = 5  # notices of one alert that are told one by one

Local = Callable[[datetime], datetime]  # an instant in the installation's zone


class Wording:
    """Writes messages for one installation."""

    def __init__(self, *, installation: str, place: str, local: Local, links: Sequence[Link] = ()) -> None:
        """`place` says where commands are to be typed."""
        self._installation = installation
        self._place = place
        self._local = local
        self._links = tuple(links)

    def message(self, notices: Sequence[Notice]) -> Message:
        """Return the message that tells notices, the gravest first."""
        lasting = [notice for notice in notices if notice.part is not Part.ENDED]
        severity = max((n.alert.severity for n in lasting), key=list(Severity).index, default=Severity.NOTE)
        lines: list[str] = []
        for alert, some in _by_alert(lasting).items():
            lines += [*self._explained(alert, some), ""]
        ended = [notice for notice in notices if notice.part is Part.ENDED]
        if ended:
            lines += ["Ended:", *self._listed(ended), ""]
        lines += [f"Typed where? {self._place}", "All of them, and what was told to whom: understudy notify list"]
        if any(notice.resolved_at is None for notice in lasting):
            first = next(notice for notice in lasting if notice.resolved_at is None)
            lines.append(f"You know, and want no repetition today: understudy notify acknowledge {first.id}")
        return Message(
            subject=self._subject(lasting, ended, severity),
            body="\n".join(lines),
            severity=severity if lasting else max((n.alert.severity for n in ended), key=list(Severity).index),
            links=self._links,
        )

    def _subject(self, lasting: Sequence[Notice], ended: Sequence[Notice], severity: Severity) -> str:
        if not lasting:
            what = f"ended: {ended[0].alert.headline} ({ended[0].subject})"
            more = len(ended) - 1
        else:
            what = f"{severity.upper()}: {lasting[0].alert.headline} ({lasting[0].subject})"
            more = len(lasting) - 1
        return f"{self._installation}: {what}" + (f" and {more} more" if more else "")

    def _explained(self, alert: Alert, notices: Sequence[Notice]) -> Iterator[str]:
        yield f"{alert.severity.upper()}: {alert.headline} [{alert.value}]"
        yield from self._listed(notices)
        yield f"What it means: {alert.means}"
        yield f"What is safe: {alert.safe}"
        yield "What to type:"
        typed = dict.fromkeys(line for notice in notices[:MOST] for line in notice.commands())
        yield from (f"    {line}" for line in typed)

    def _listed(self, notices: Sequence[Notice]) -> Iterator[str]:
        for notice in notices[:MOST]:
            yield f"- {notice.subject}: {notice.says}{self._lasted(notice)}"
        if len(notices) > MOST:
            yield f"- and {len(notices) - MOST} more"

    def _lasted(self, notice: Notice) -> str:
        if notice.part is Part.AGAIN:
            return f" It lasts since {self._hour(notice.opened_at)}."
        if notice.resolved_at is not None and notice.resolved_at > notice.opened_at:
            return f" From {self._hour(notice.opened_at)} to {self._hour(notice.resolved_at)}."
        return ""

    def _hour(self, instant: datetime) -> str:
        return f"{self._local(instant):%a %d %b %H:%M}"


def _by_alert(notices: Iterable[Notice]) -> Mapping[Alert, list[Notice]]:
    found: dict[Alert, list[Notice]] = {}
    for notice in notices:
        found.setdefault(notice.alert, []).append(notice)
    return found
