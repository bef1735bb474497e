"""Secrets: found when asked for, shown never."""

import copy
import json
import logging
import pickle
import traceback
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from core.errors import ConfigError, SecretMissing
from core.model.digests import canonical
from core.secrets import Secret, Secrets

VALUE = "hunter2-very-secret"


class Holding(BaseModel):
    """A record that holds a secret, as somebody might."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    secret: Secret


@pytest.mark.parametrize(
    "shown",
    [
        repr,
        str,
        lambda s: f"{s}",
        lambda s: f"{s!r:>40}",
        lambda s: f"{s:>40}",
        lambda s: "%s %r" % (s, s),  # noqa: UP031
        lambda s: "{}".format(s),  # noqa: UP032
        lambda s: repr([s, {"password": s}]),
        lambda s: repr(Holding(secret=s)),
        lambda s: str(vars(Holding(secret=s))),
    ],
)
def test_a_secret_is_never_shown(shown: object) -> None:
    """However it is written out."""
    assert VALUE not in shown(Secret("ledger", VALUE))  # type: ignore[operator]
    assert "ledger" in shown(Secret("ledger", VALUE))  # type: ignore[operator]


@pytest.mark.parametrize(
    "taken",
    [pickle.dumps, copy.copy, copy.deepcopy, json.dumps, canonical, lambda s: Holding(secret=s).model_dump_json()],
)
def test_a_secret_is_never_written_down(taken: object) -> None:
    """It cannot be pickled, copied, or made a part of what is stored; the refusal tells nothing."""
    with pytest.raises((TypeError, ValueError)) as refused:
        taken(Secret("ledger", VALUE))  # type: ignore[operator]
    assert VALUE not in "".join(traceback.format_exception(refused.value))


def test_a_secret_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """By any logger."""
    logging.getLogger("test").warning("%s and %r", Secret("ledger", VALUE), Secret("ledger", VALUE))
    assert VALUE not in caplog.text


@given(st.text(min_size=1))
def test_revealing_is_the_only_way_in(value: str) -> None:
    """And it gives exactly what was put in."""
    assert Secret("x", value).reveal() == value


def test_files_come_first_then_the_environment(tmp_path: Path) -> None:
    """Each time it is asked for, so that a rotated password is picked up; every value found is registered."""
    seen: list[str] = []
    secrets = Secrets(
        folders=(tmp_path / "none", tmp_path), environment={"UNDERSTUDY_SECRET_A": "env"}, register=seen.append
    )
    assert secrets.get("a").reveal() == "env"
    (tmp_path / "a").write_text("file\n", encoding="utf-8")
    assert secrets.get("a").reveal() == "file"
    (tmp_path / "a").write_text("rotated\r\n", encoding="utf-8")
    assert secrets.get("a").reveal() == "rotated"
    assert seen == ["env", "file", "rotated"]


@pytest.mark.parametrize("content", [None, "", "\n"])
def test_a_missing_or_empty_secret_names_the_places(tmp_path: Path, content: str | None) -> None:
    """The operator reads where to put it."""
    if content is not None:
        (tmp_path / "ledger-password").write_text(content, encoding="utf-8")
    with pytest.raises(SecretMissing) as missing:
        Secrets(folders=(tmp_path,), environment={}).get("ledger-password")
    assert str(tmp_path / "ledger-password") in missing.value.message
    assert "UNDERSTUDY_SECRET_LEDGER_PASSWORD" in missing.value.message


def test_a_secret_that_cannot_be_read_tells_nothing_of_it(tmp_path: Path) -> None:
    """The file's bytes are not in the error, nor in what led to it."""
    (tmp_path / "a").write_bytes(b"hunter2\xff")
    with pytest.raises(ConfigError) as refused:
        Secrets(folders=(tmp_path,), environment={}).get("a")
    assert "hunter2" not in "".join(traceback.format_exception(refused.value))
    assert str(tmp_path / "a") in refused.value.message
