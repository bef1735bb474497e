"""Taking secrets out of what the browser layer stores: page texts and traces of failures.

A trace is Playwright's zip of what a page did. It is rewritten before it is stored: cookies and authorisation headers
are removed, every form of every known secret is replaced, and when one survives all the same nothing is stored.
"""

import base64
import html
import io
import json
import zipfile
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, quote_plus

_HIDDEN_HEADERS = {"cookie", "set-cookie", "authorization", "proxy-authorization"}
_MARK = "[removed]"
_SHORTEST = 4  # characters; anything shorter would tear ordinary words apart


class SecretSurvives(Exception):
    """A secret is still in the evidence after scrubbing; it must not be stored."""


class Scrubber:
    """Replaces secrets in every form a browser writes them: plain, JSON, HTML, percent-encoded, base64."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for secret in secrets if len(secret) >= _SHORTEST for form in _forms(secret)}
        self._forms = sorted(forms, key=len, reverse=True)

    def text(self, text: str) -> str:
        """Return the text without secrets."""
        for form in self._forms:
            text = text.replace(form, _MARK)
        return text

    def data(self, data: bytes) -> bytes:
        """Return the bytes without secrets."""
        for form in self._forms:
            data = data.replace(form.encode(), _MARK.encode())
        return data

    def finds(self, data: bytes) -> bool:
        """True when a secret is in the bytes."""
        return any(form.encode() in data for form in self._forms)


def scrub_trace(trace: bytes, secrets: Iterable[str]) -> bytes:
    """Return a trace zip without cookies, authorisation headers and secrets; raise SecretSurvives when one is left."""
    scrubber = Scrubber(secrets)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(trace)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            if name.endswith((".trace", ".network")):
                data = b"\n".join(_scrubbed_line(line) for line in data.split(b"\n"))
            data = scrubber.data(data)
            if scrubber.finds(data) or scrubber.finds(name.encode()):
                raise SecretSurvives("a secret is still in the trace after scrubbing; the trace is not stored")
            new.writestr(name, data)
    return out.getvalue()


def _scrubbed_line(line: bytes) -> bytes:
    if not line.strip():
        return line
    try:
        return json.dumps(_scrubbed(json.loads(line)), ensure_ascii=False, separators=(",", ":")).encode()
    except ValueError:
        return b""  # not what the format promises: leave it out


def _scrubbed(value: Any) -> Any:
    if isinstance(value, list):
        return [_scrubbed(part) for part in value]
    if not isinstance(value, dict):
        return value
    if str(value.get("name", "")).lower() in _HIDDEN_HEADERS and "value" in value:
        return {**value, "value": _MARK}
    return {key: _without_cookies(key, part) for key, part in value.items()}


def _without_cookies(key: str, part: Any) -> Any:
    if key.lower() in _HIDDEN_HEADERS:
        return _MARK
    return [] if key == "cookies" else _scrubbed(part)


def _forms(secret: str) -> set[str]:
    encoded = secret.encode()
    return {
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        html.escape(secret),
        html.escape(secret, quote=False),
        quote(secret, safe=""),
        quote(secret),
        quote_plus(secret),
        base64.b64encode(encoded).decode().rstrip("="),
    }
