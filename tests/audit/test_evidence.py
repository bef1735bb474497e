"""The evidence store: bytes by their hash, tampering noticed, deletion noted."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import EvidenceGone, EvidenceMissing, EvidenceTampered
from audit.evidence import EvidenceStore
from tests.audit.conftest import NOW

KEY = b"sixteen bytes or more"


@pytest.fixture(params=[None, KEY], ids=["plain", "encrypted"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> EvidenceStore:
    """A store in a folder, with and without encryption."""
    return EvidenceStore(str(tmp_path / "evidence"), key=request.param)


def only_file(tmp_path: Path) -> Path:
    (path,) = (path for path in (tmp_path / "evidence").rglob("*") if path.is_file())
    return path


def test_what_is_put_comes_back(store: EvidenceStore) -> None:
    """Bytes are found under their SHA-256 and come back unchanged."""
    sha256 = store.put(b"a picture")
    assert sha256 == hashlib.sha256(b"a picture").hexdigest()
    assert store.get(sha256) == b"a picture"
    assert store.exists(sha256)


def test_the_same_bytes_are_kept_once(store: EvidenceStore, tmp_path: Path) -> None:
    """Putting twice leaves one file, readable by its owner only, and nothing half written."""
    assert store.put(b"a picture") == store.put(b"a picture")
    assert only_file(tmp_path).stat().st_mode & 0o077 == 0


def test_changed_bytes_are_noticed(store: EvidenceStore, tmp_path: Path) -> None:
    """A file edited where it lies is refused, never returned."""
    sha256 = store.put(b"a picture")
    path = only_file(tmp_path)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(EvidenceTampered, match=sha256):
        store.get(sha256)


def test_a_deletion_leaves_a_note(store: EvidenceStore) -> None:
    """After deletion under retention the reader learns when and why, and the bytes may be stored anew."""
    sha256 = store.put(b"a picture")
    store.delete(sha256, reason="90 days are over", now=NOW)
    assert not store.exists(sha256)
    with pytest.raises(EvidenceGone, match="90 days are over") as gone:
        store.get(sha256)
    assert gone.value.at == "2026-03-02T09:00:00.000000Z"
    with pytest.raises(EvidenceMissing):
        store.delete(sha256, reason="again", now=NOW)
    store.put(b"a picture")
    assert store.get(sha256) == b"a picture"


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "g" * 64, "A" * 64, "0" * 63, "0" * 64])
def test_a_name_that_is_no_stored_hash_is_missing(store: EvidenceStore, name: str) -> None:
    """Nothing a stranger wrote becomes a path."""
    with pytest.raises(EvidenceMissing):
        store.get(name)


def test_encrypted_evidence_cannot_be_read_without_its_key(tmp_path: Path) -> None:
    """At rest the bytes are not in the file; no key and another key are both refused in words."""
    url = str(tmp_path / "evidence")
    sha256 = EvidenceStore(url, key=KEY).put(b"a picture")
    assert b"a picture" not in only_file(tmp_path).read_bytes()
    with pytest.raises(EvidenceTampered, match="no key is configured"):
        EvidenceStore(url).get(sha256)
    with pytest.raises(EvidenceTampered, match="does not open"):
        EvidenceStore(url, key=b"another key of enough length").get(sha256)


def test_evidence_stored_before_the_key_was_configured_stays_readable(tmp_path: Path) -> None:
    """Switching encryption on loses nothing."""
    url = str(tmp_path / "evidence")
    sha256 = EvidenceStore(url).put(b"a picture")
    assert EvidenceStore(url, key=KEY).get(sha256) == b"a picture"


def test_a_key_that_is_too_short_is_refused(tmp_path: Path) -> None:
    """A guessable key is worse than none."""
    with pytest.raises(ValueError, match="at least 16 bytes"):
        EvidenceStore(str(tmp_path), key=b"short")


@given(st.binary(max_size=200))
def test_any_place_fsspec_reaches_will_do(data: bytes) -> None:
    """A store that is not a folder keeps and deletes bytes just the same."""
    store = EvidenceStore("memory://evidence", key=KEY)
    sha256 = store.put(data)
    assert store.get(sha256) == data
    store.delete(sha256, reason="test", now=NOW)
    with pytest.raises(EvidenceGone):
        store.get(sha256)
