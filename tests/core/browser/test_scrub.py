"""Taking secrets out of evidence."""

import io
import json
import zipfile
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.browser import Scrubber, SecretSurvives, scrub_trace


def _zip(**files: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "."), text)
    return out.getvalue()


def _all(trace: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(trace)) as archive:
        return "\n".join(archive.read(name).decode() for name in archive.namelist())


@given(st.text(min_size=6, alphabet=st.characters(codec="utf-8", categories=["L", "N", "P", "S"])))
def test_a_secret_is_gone_in_every_form(secret: str) -> None:
    """Plain, JSON and percent-encoded secrets are all replaced."""
    scrubber = Scrubber([secret])
    for text in (f"a {secret} b", json.dumps({"value": secret}), f"password={quote(secret, safe='')}&x"):
        assert secret not in scrubber.text(text)
        assert not scrubber.finds(scrubber.data(text.encode()))


def test_cookies_and_authorisation_leave_the_trace() -> None:
    """Headers and cookie lists that carry a session are removed whether or not their values are known."""
    event = {
        "request": {
            "headers": [{"name": "Cookie", "value": "s=unknown1"}, {"name": "Accept", "value": "*/*"}],
            "cookies": [{"name": "s", "value": "unknown2"}],
        },
        "response": {"headers": [{"name": "set-cookie", "value": "s=unknown3"}]},
        "options": {"extraHTTPHeaders": {"Authorization": "Basic unknown4"}},
    }
    scrubbed = _all(scrub_trace(_zip(trace__network=json.dumps(event)), []))
    assert "unknown" not in scrubbed
    assert "*/*" in scrubbed


def test_a_trace_with_a_secret_in_a_name_is_refused() -> None:
    """Where a secret cannot be replaced the trace is not stored."""
    with pytest.raises(SecretSurvives):
        scrub_trace(_zip(hunter22__png="x"), ["hunter22"])


def test_a_line_that_is_no_json_is_left_out() -> None:
    """What the trace format does not promise is dropped rather than stored unread."""
    assert _all(scrub_trace(_zip(a__trace='{"a":1}\nCookie: s=unknown'), [])).strip() == '{"a":1}'
