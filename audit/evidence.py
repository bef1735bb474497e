"""Evidence: immutable bytes named by their hash, in a folder or wherever fsspec reaches.

What an event names by hash can be proved later: `get` recomputes it. With a key, files are encrypted where they lie
(AES-256-GCM); the name is the hash of the plain bytes either way. Deleting leaves a tombstone that says when and why.

Nothing half written is ever found under a hash: a folder gets a file beside and a rename, an object store takes an
object whole or not at all, and anything else fsspec reaches gets a file beside and a move.
"""

import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import fsspec.core

from audit.errors import (
    AuditError,
    EvidenceGone,
    EvidenceKeyTooShort,
    EvidenceMissing,
    EvidencePlace,
    EvidenceTampered,
    EvidenceUnavailable,
)
from audit.trail import canonical, instant

_MAGIC = b"understudy-evidence-1\n"  # begins an encrypted file
_NONCE = 12
_OVERHEAD = len(_MAGIC) + _NONCE + 16  # bytes that encryption adds
_DIGITS = frozenset("0123456789abcdef")
_WHOLE = frozenset({"memory", "s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "oss", "oci"})  # take objects whole


class EvidenceStore:
    """Bytes by their SHA-256; `url` is a folder or any fsspec URL, `key` a secret of at least 16 bytes.

    Raises EvidencePlace for a URL that nothing here can open, EvidenceKeyTooShort for such a key; every method raises
    EvidenceUnavailable when the store does not answer.
    """

    def __init__(self, url: str, *, key: bytes | None = None) -> None:
        self._url = url
        self._fs: Any
        self._fs, self._root = _opened(url)
        self._local = "file" in _protocols(self._fs)
        self._whole = not _WHOLE.isdisjoint(_protocols(self._fs))
        self._key = None if key is None else _derived(key)

    def put(self, data: bytes) -> str:
        """Store bytes and return their SHA-256; bytes already there are not written again."""
        sha256 = hashlib.sha256(data).hexdigest()
        path = self._path(sha256)
        with self._answering():
            if not self._complete(path, len(data)):
                self._write(path, data if self._key is None else _encrypted(data, key=self._key, name=sha256))
                if self._there(_tombstone(path)):
                    self._fs.rm_file(_tombstone(path))
        return sha256

    def get(self, sha256: str) -> bytes:
        """Return the bytes; EvidenceTampered when they are not what was stored, EvidenceGone or EvidenceMissing."""
        path = self._path(sha256)
        with self._answering():
            try:
                stored: bytes = self._fs.cat_file(path)
            except FileNotFoundError as error:
                raise self._absence(sha256) from error
        data = self._decrypted(stored, sha256)
        if hashlib.sha256(data).hexdigest() != sha256:
            raise EvidenceTampered(sha256, "its hash is another")
        return data

    def exists(self, sha256: str) -> bool:
        """Tell whether the bytes are there, without reading them."""
        path = self._path(sha256)
        with self._answering():
            return self._there(path)

    def delete(self, sha256: str, *, reason: str, now: datetime) -> None:
        """Delete bytes under their retention and leave a note of when and why; EvidenceMissing when not there.

        The caller writes the event `evidence.deleted`.
        """
        path = self._path(sha256)
        note = {"at": instant(now), "reason": reason, "sha256": sha256}
        with self._answering():
            if not self._there(path):
                raise EvidenceMissing(sha256)
            self._write(_tombstone(path), canonical(note).encode())
            self._fs.rm_file(path)

    def probe(self) -> None:
        """Ask the store for an answer and write nothing; raise EvidenceUnavailable when there is none."""
        with self._answering():
            if not self._local:
                self._there(self._root)
                return
            place = next(place for place in (Path(self._root), *Path(self._root).parents) if place.exists())
            if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
                raise EvidenceUnavailable(hidden(self._url), f"{place} is not a folder that can be written to")

    @contextmanager
    def _answering(self) -> Iterator[None]:
        """Translate whatever the store's driver raises: drivers have errors of their own, and no common one."""
        try:
            yield
        except AuditError:
            raise
        except Exception as error:
            told = error.strerror if isinstance(error, OSError) else None  # others may tell more than they should
            raise EvidenceUnavailable(hidden(self._url), told or type(error).__name__) from error

    def _there(self, path: str) -> bool:
        """Whether something is there; unlike fsspec's `exists` it does not take a store that fails for an empty one."""
        try:
            self._fs.info(path)
        except FileNotFoundError:
            return False
        return True

    def _complete(self, path: str, size: int) -> bool:
        """Whether the bytes are there, plain or encrypted, to their end."""
        try:
            found = self._fs.size(path)
        except FileNotFoundError:
            return False
        return found in (size, size + _OVERHEAD)

    def _path(self, sha256: str) -> str:
        if len(sha256) != 64 or not _DIGITS.issuperset(sha256):
            raise EvidenceMissing(sha256[:80])  # never a path made of what a stranger wrote
        return f"{self._root}/{sha256[:2]}/{sha256[2:4]}/{sha256}"

    def _write(self, path: str, data: bytes) -> None:
        if self._local:
            _write_local(Path(path), data)
            return
        if self._whole:
            self._fs.pipe_file(path, data)
            return
        self._fs.makedirs(path.rpartition("/")[0], exist_ok=True)
        beside = f"{path}.{secrets.token_hex(4)}.part"
        try:
            self._fs.pipe_file(beside, data)
            self._fs.mv(beside, path)
        except BaseException:
            with suppress(Exception):  # what is told is the first error, not that of tidying up
                self._fs.rm_file(beside)
            raise

    def _decrypted(self, stored: bytes, sha256: str) -> bytes:
        if not stored.startswith(_MAGIC) or hashlib.sha256(stored).hexdigest() == sha256:
            return stored
        if self._key is None:
            raise EvidenceTampered(sha256, "it is encrypted and no key is configured")
        return _decrypted(stored, key=self._key, name=sha256)

    def _absence(self, sha256: str) -> EvidenceGone | EvidenceMissing:
        try:
            note = json.loads(self._fs.cat_file(_tombstone(self._path(sha256))))
        except FileNotFoundError:
            return EvidenceMissing(sha256)
        return EvidenceGone(sha256, at=str(note["at"]), reason=str(note["reason"]))


def _opened(url: str) -> tuple[Any, str]:
    """Return the file system behind a URL and the path in it; nothing is asked of the store yet."""
    try:
        fs, root = fsspec.core.url_to_fs(url, use_listings_cache=False)  # other hosts write and delete there too
    except ImportError as error:
        said = str(error).partition("\n")[0]  # fsspec names the package: "Install s3fs to access S3"
        raise EvidencePlace(f"{hidden(url)} needs a driver that is not installed here: {said}") from error
    except ValueError as error:
        known = "a folder, file://, memory://, s3://, gs://, abfs://, sftp:// and what else fsspec knows"
        raise EvidencePlace(f"{hidden(url)} is no place fsspec can open ({error}); expected {known}") from error
    if not str(root).strip("/"):
        raise EvidencePlace(f"{hidden(url)} names no folder or bucket")
    return fs, str(root).rstrip("/")


def hidden(url: str) -> str:
    """Return a URL without the user and password that may stand in it."""
    scheme, separator, rest = url.partition("://")
    place, slash, path = rest.partition("/")
    return f"{scheme}{separator}{place.rpartition('@')[2]}{slash}{path}" if separator else url


def _write_local(place: Path, data: bytes) -> None:
    """Write beside, bring it to the disk, rename; and bring the new names to the disk too."""
    fresh = [folder for folder in (place.parent, place.parent.parent) if not folder.exists()]
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = place.with_name(f"{place.name}.{secrets.token_hex(4)}.part")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(place)
    except OSError:
        beside.unlink()
        raise
    for folder in (place.parent, *(folder.parent for folder in fresh)):
        _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _protocols(fs: Any) -> tuple[str, ...]:
    return (fs.protocol,) if isinstance(fs.protocol, str) else tuple(fs.protocol)


def _tombstone(path: str) -> str:
    return f"{path}.deleted"


def _derived(secret: bytes) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    if len(secret) < 16:
        raise EvidenceKeyTooShort(f"the key for evidence needs at least 16 bytes, got {len(secret)}")
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=_MAGIC).derive(secret)


def _encrypted(data: bytes, *, key: bytes, name: str) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = secrets.token_bytes(_NONCE)
    return _MAGIC + nonce + AESGCM(key).encrypt(nonce, data, name.encode())


def _decrypted(stored: bytes, *, key: bytes, name: str) -> bytes:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    start = len(_MAGIC)
    nonce, sealed = stored[start : start + _NONCE], stored[start + _NONCE :]
    try:
        return AESGCM(key).decrypt(nonce, sealed, name.encode())
    except (InvalidTag, ValueError) as error:
        raise EvidenceTampered(name, "it does not open with the configured key") from error
