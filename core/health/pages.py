"""The pages that machines ask for: is the process alive, is the installation ready, what are its figures."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from http import HTTPStatus

from core.errors import ConfigError
from core.health.readiness import Part
from core.health.server import JSON, Answer, Pages

SLUGGISH = 60.0  # seconds; whoever has not got round its work for longer is not alive


def pages_for(
    *,
    turned: Callable[[], float],
    parts: Callable[[], Sequence[Part]],
    metrics: Callable[[str], tuple[bytes, str]],
) -> Pages:
    """Return the pages.

    `turned`: how many seconds ago the process last got round its work. `metrics` writes what the reader accepts.
    """

    def healthz(accept: str) -> Answer:
        age = turned()
        alive = age <= SLUGGISH
        return _told({"alive": alive, "seconds_since_last_turn": round(age, 1)}, good=alive)

    def readyz(accept: str) -> Answer:
        looked = parts()
        ready = all(part.good for part in looked)
        return _told({"ready": ready, "parts": [asdict(part) for part in looked]}, good=ready)

    def figures(accept: str) -> Answer:
        try:
            body, content_type = metrics(accept)
        except ConfigError as error:
            return Answer(status=HTTPStatus.SERVICE_UNAVAILABLE, body="\n".join(error.problems).encode() + b"\n")
        return Answer(content_type=content_type, body=body)

    return {"/healthz": healthz, "/readyz": readyz, "/metrics": figures}


def _told(facts: dict[str, object], *, good: bool) -> Answer:
    return Answer(
        status=HTTPStatus.OK if good else HTTPStatus.SERVICE_UNAVAILABLE,
        content_type=JSON,
        body=json.dumps(facts, indent=2).encode() + b"\n",
    )
