"""The evidence store: bytes by their hash, tampering noticed, deletion noted."""

import hashlib
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import fsspec.core
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import (
    EvidenceGone,
    EvidenceKeyTooShort,
    EvidenceMissing,
    EvidencePlace,
    EvidenceTampered,
    EvidenceUnavailable,
)
from audit.evidence import EvidenceStore
from tests.audit.conftest import NOW
from tests.audit.places import FrailFileSystem

KEY = b"sixteen bytes or more"


PLACES = {
    "folder": "{folder}/evidence",
    "file": "file://{folder}/evidence",
    "memory": "memory://{name}/evidence",
    "frail": "frail://{name}/evidence",
}


@pytest.fixture(params=[None, KEY], ids=["plain", "encrypted"])
def key(request: pytest.FixtureRequest) -> bytes | None:
    """No key, or one."""
    value: bytes | None = request.param
    return value


@pytest.fixture(params=PLACES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty place of every kind."""
    FrailFileSystem.mended()
    return PLACES[request.param].format(folder=tmp_path, name=tmp_path.name)


@pytest.fixture
def store(url: str, key: bytes | None) -> EvidenceStore:
    """A store in any place, with and without encryption."""
    return EvidenceStore(url, key=key)


def everything(url: str) -> dict[str, bytes]:
    """Return every file of a place, by its path in it."""
    fs, root = fsspec.core.url_to_fs(url)
    return {path: fs.cat_file(path) for path in fs.find(root)}


def only_file(tmp_path: Path) -> Path:
    (path,) = (path for path in (tmp_path / "evidence").rglob("*") if path.is_file())
    return path


def test_what_is_put_comes_back(store: EvidenceStore) -> None:
    """Bytes are found under their SHA-256 and come back unchanged."""
    sha256 = store.put(b"a picture")
    assert sha256 == hashlib.sha256(b"a picture").hexdigest()
    assert store.get(sha256) == b"a picture"
    assert store.exists(sha256)


def test_the_same_bytes_are_kept_once(store: EvidenceStore, url: str) -> None:
    """Putting twice leaves one file under the hash, and nothing half written beside it."""
    sha256 = store.put(b"a picture")
    before = everything(url)
    assert [path.rpartition("/")[2] for path in before] == [sha256]
    assert store.put(b"a picture") == sha256
    assert everything(url) == before


@pytest.mark.parametrize("prefix", ["", "file://"])
def test_files_are_for_their_owner_only(tmp_path: Path, prefix: str) -> None:
    """Nobody else on the machine can read evidence in a folder."""
    EvidenceStore(f"{prefix}{tmp_path}/evidence").put(b"a picture")
    assert only_file(tmp_path).stat().st_mode & 0o077 == 0


def test_changed_bytes_are_noticed(store: EvidenceStore, url: str) -> None:
    """A file edited where it lies is refused, never returned."""
    sha256 = store.put(b"a picture")
    fs, _ = fsspec.core.url_to_fs(url)
    ((path, data),) = everything(url).items()
    fs.pipe_file(path, data[:-1] + bytes([data[-1] ^ 1]))
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
    with pytest.raises(EvidenceKeyTooShort, match="at least 16 bytes"):
        EvidenceStore(str(tmp_path), key=b"short")


@given(st.binary(max_size=200))
def test_any_bytes_will_do(data: bytes) -> None:
    """Empty or not, encrypted they come back as they were."""
    store = EvidenceStore("memory://evidence", key=KEY)
    sha256 = store.put(data)
    assert store.get(sha256) == data
    store.delete(sha256, reason="test", now=NOW)
    with pytest.raises(EvidenceGone):
        store.get(sha256)


def test_a_write_that_breaks_off_leaves_nothing_under_the_hash() -> None:
    """Where files are not taken whole, half a file is not mistaken for evidence, and the next try stores it."""
    FrailFileSystem.mended()
    store = EvidenceStore("frail://evidence")
    FrailFileSystem.breaks_off = True
    with pytest.raises(EvidenceUnavailable):
        store.put(b"a picture")
    assert everything("frail://evidence") == {}
    FrailFileSystem.breaks_off = False
    assert store.get(store.put(b"a picture")) == b"a picture"


def test_half_a_file_left_by_others_is_written_again(store: EvidenceStore, url: str) -> None:
    """What stands under the hash and is too short is not taken for the evidence."""
    sha256 = store.put(b"a picture")
    fs, _ = fsspec.core.url_to_fs(url)
    ((path, data),) = everything(url).items()
    fs.pipe_file(path, data[:4])
    store.put(b"a picture")
    assert store.get(sha256) == b"a picture"


def test_a_store_that_does_not_answer_is_told_in_words() -> None:
    """Whatever the driver raises: the place is named, its password is not, and nothing is taken for missing."""
    FrailFileSystem.mended()
    store = EvidenceStore("frail://robot:secret@evidence")
    sha256 = store.put(b"a picture")
    FrailFileSystem.down = True
    asked: list[Callable[[], object]] = [
        lambda: store.put(b"another"),
        lambda: store.get(sha256),
        lambda: store.exists(sha256),
        lambda: store.delete(sha256, reason="test", now=NOW),
        store.probe,
    ]
    for ask in asked:
        with pytest.raises(EvidenceUnavailable) as told:
            ask()
        assert "secret" not in told.value.message
        assert "frail://evidence" in told.value.message
    FrailFileSystem.down = False
    assert store.get(sha256) == b"a picture"


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    """Probing looks as far as there is something, and writes nothing."""
    EvidenceStore(str(tmp_path / "not" / "there" / "yet")).probe()
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(EvidenceUnavailable, match="not a folder"):
        EvidenceStore(str(tmp_path / "file" / "evidence")).probe()
    with pytest.raises(EvidenceUnavailable):
        EvidenceStore(str(tmp_path / "file" / "evidence")).put(b"a picture")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("s3://bucket/evidence", "Install s3fs"),
        ("abfs://box/evidence", "Install adlfs"),
        ("sky://evidence", "Protocol not known: sky"),
        ("memory://", "names no folder"),
    ],
)
def test_a_place_that_cannot_be_opened_is_told_with_what_to_install(wrong: str, says: str) -> None:
    """A driver that is not installed, or a kind of place nobody knows, is an error of the configuration."""
    if wrong.startswith(("s3", "abfs")) and (find_spec("s3fs") or find_spec("adlfs")):
        pytest.skip("the driver is installed here")
    with pytest.raises(EvidencePlace, match=says):
        EvidenceStore(wrong)
