"""Evidence: immutable bytes named by their hash, in a folder or wherever fsspec reaches.

What an event names by hash can be proved later: `get` recomputes it. With a key, files are encrypted where they lie
(AES-256-GCM); the name is the hash of the plain bytes either way. Deleting leaves a tombstone that says when and why.
"""

import hashlib
import json
import os
import secrets
from datetime import datetime
from pathlib import Path
from typing import Any

import fsspec.core

from audit.errors import EvidenceGone, EvidenceMissing, EvidenceTampered
from audit.trail import canonical, instant

_MAGIC = b"understudy-evidence-1\n"  # begins an encrypted file
_NONCE = 12
_DIGITS = frozenset("0123456789abcdef")


class EvidenceStore:
    """Bytes by their SHA-256; `url` is a folder or any fsspec URL, `key` a secret of at least 16 bytes."""

    def __init__(self, url: str, *, key: bytes | None = None) -> None:
        self._fs: Any
        self._fs, self._root = fsspec.core.url_to_fs(url)
        self._local = "file" in _protocols(self._fs)
        self._key = None if key is None else _derived(key)

    def put(self, data: bytes) -> str:
        """Store bytes and return their SHA-256; bytes already there are not written again."""
        sha256 = hashlib.sha256(data).hexdigest()
        path = self._path(sha256)
        if not self._fs.exists(path):
            self._write(path, data if self._key is None else _encrypted(data, key=self._key, name=sha256))
            if self._fs.exists(_tombstone(path)):
                self._fs.rm_file(_tombstone(path))
        return sha256

    def get(self, sha256: str) -> bytes:
        """Return the bytes; EvidenceTampered when they are not what was stored, EvidenceGone or EvidenceMissing."""
        path = self._path(sha256)
        try:
            stored: bytes = self._fs.cat_file(path)
        except FileNotFoundError as error:
            raise self._absence(sha256) from error
        data = self._opened(stored, sha256)
        if hashlib.sha256(data).hexdigest() != sha256:
            raise EvidenceTampered(sha256, "its hash is another")
        return data

    def exists(self, sha256: str) -> bool:
        """Tell whether the bytes are there, without reading them."""
        return bool(self._fs.exists(self._path(sha256)))

    def delete(self, sha256: str, *, reason: str, now: datetime) -> None:
        """Delete bytes under their retention and leave a note of when and why; EvidenceMissing when not there.

        The caller writes the event `evidence.deleted`.
        """
        path = self._path(sha256)
        if not self._fs.exists(path):
            raise EvidenceMissing(sha256)
        note = {"at": instant(now), "reason": reason, "sha256": sha256}
        self._write(_tombstone(path), canonical(note).encode())
        self._fs.rm_file(path)

    def _path(self, sha256: str) -> str:
        if len(sha256) != 64 or not _DIGITS.issuperset(sha256):
            raise EvidenceMissing(sha256[:80])  # never a path made of what a stranger wrote
        return f"{self._root}/{sha256[:2]}/{sha256[2:4]}/{sha256}"

    def _write(self, path: str, data: bytes) -> None:
        """Write beside and rename where that exists; object stores replace a whole object in one go anyway."""
        if not self._local:
            self._fs.makedirs(path.rpartition("/")[0], exist_ok=True)
            self._fs.pipe_file(path, data)
            return
        place = Path(path)
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

    def _opened(self, stored: bytes, sha256: str) -> bytes:
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


def _protocols(fs: Any) -> tuple[str, ...]:
    return (fs.protocol,) if isinstance(fs.protocol, str) else tuple(fs.protocol)


def _tombstone(path: str) -> str:
    return f"{path}.deleted"


def _derived(secret: bytes) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    if len(secret) < 16:
        raise ValueError(f"the key for evidence needs at least 16 bytes, got {len(secret)}")
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
