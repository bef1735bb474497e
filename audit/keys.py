"""The keys that sign checkpoints: an Ed25519 pair in a folder, made at first use, replaced by rotation.

A key's id is the start of the hash of its public half, so an id cannot be claimed by another key.
"""

import hashlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine

from audit.actions import Act
from audit.errors import KeyProblem
from audit.trail import Event, append, canonical

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_PREFIX = "ed25519:"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The half of a key that anyone may hold: it tells whether a signature is right."""

    raw: bytes  # 32 bytes

    @property
    def key_id(self) -> str:
        """The key's name: 16 hexadecimal digits of its hash."""
        return hashlib.sha256(self.raw).hexdigest()[:16]

    def text(self) -> str:
        """Return the key as one line of text, to be kept elsewhere."""
        return _PREFIX + self.raw.hex()

    @classmethod
    def of(cls, text: str) -> "PublicKey":
        """Read the line that `text` wrote; raise KeyProblem when it is not one."""
        stripped = text.strip()
        try:
            raw = bytes.fromhex(stripped.removeprefix(_PREFIX))
        except ValueError as error:
            raise KeyProblem(f"{stripped[:20]!r} is not a public key; expected {_PREFIX} and 64 digits") from error
        if len(raw) != 32 or not stripped.startswith(_PREFIX):
            raise KeyProblem(f"{stripped[:20]!r} is not a public key; expected {_PREFIX} and 64 digits")
        return cls(raw)

    def accepts(self, message: bytes, signature: str) -> bool:
        """Tell whether the hexadecimal signature over the message was made with this key."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(bytes.fromhex(signature), message)
        except (InvalidSignature, ValueError):
            return False
        return True


class Keyring:
    """The signing keys of an installation, in a folder only the bots' account can read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @classmethod
    def open(cls, folder: Path) -> "Keyring":
        """Return the keys in `folder`; make the folder (0700) and a first key (0600) when there are none."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        keyring = cls(folder)
        if not keyring._current.exists():
            keyring._begin()
        return keyring

    @property
    def key_id(self) -> str:
        """The id of the key that signs now."""
        return self._private()[0]

    def sign(self, message: bytes) -> tuple[str, str]:
        """Return the id of the key in use and its signature over the message, in hexadecimal."""
        key_id, private = self._private()
        return key_id, private.sign(message).hex()

    def public_keys(self) -> tuple[PublicKey, ...]:
        """Return the public half of every key this folder ever held, for whoever verifies."""
        lines = (path.read_text(encoding="ascii") for path in sorted(self._folder.glob("*.pub")))
        return tuple(PublicKey.of(line) for line in lines)

    def create(self) -> PublicKey:
        """Make another key without using it yet."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        private = Ed25519PrivateKey.generate()
        public = PublicKey(private.public_key().public_bytes_raw())
        _write_new(self._folder / f"{public.key_id}.key", private.private_bytes_raw().hex())
        _write_new(self._folder / f"{public.key_id}.pub", public.text() + "\n")
        return public

    def use(self, key: PublicKey) -> None:
        """Sign with this key from now on, in every process that shares the folder."""
        beside = self._folder / f"current.{secrets.token_hex(4)}"
        _write_new(beside, key.key_id)
        beside.replace(self._current)

    def remember(self, trail: str, line: str) -> None:
        """Keep a line about a trail, in place of the one before."""
        place = self.place_of(trail)
        beside = place.with_name(f"{place.name}.{secrets.token_hex(4)}")
        _write_new(beside, line + "\n")
        beside.replace(place)

    def remembered(self, trail: str) -> str | None:
        """Return the line kept about a trail; None when there is none."""
        try:
            return self.place_of(trail).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def place_of(self, trail: str) -> Path:
        """Return the file that keeps the line about a trail."""
        return self._folder / f"{trail}.signed"

    @property
    def _current(self) -> Path:
        return self._folder / "current"

    def _begin(self) -> None:
        public = self.create()
        beside = self._folder / f"current.{public.key_id}"
        _write_new(beside, public.key_id)
        try:
            os.link(beside, self._current)  # fails when another process was first; its key is then the one in use
        except FileExistsError:
            (self._folder / f"{public.key_id}.key").unlink()
            (self._folder / f"{public.key_id}.pub").unlink()
        finally:
            beside.unlink()

    def _private(self) -> tuple[str, "Ed25519PrivateKey"]:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        try:
            key_id = self._current.read_text(encoding="ascii").strip()
            text = (self._folder / f"{key_id}.key").read_text(encoding="ascii")
            private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(text.strip()))
        except (OSError, ValueError) as error:
            raise KeyProblem(f"the key that signs the trail cannot be read in {self._folder}: {error}") from error
        if PublicKey(private.public_key().public_bytes_raw()).key_id != key_id:
            raise KeyProblem(f"the key file {key_id}.key in {self._folder} holds another key")
        return key_id, private


def rotate(bind: Engine | Connection, *, keys: Keyring, now: datetime, actor: str) -> PublicKey:
    """Replace the signing key: the old one signs the event that names the new one, then the new one signs.

    Needs an engine, or a connection without an open transaction. Whoever holds only the old public key can
    still verify everything that follows.
    """
    if isinstance(bind, Engine):
        with bind.connect() as connection:
            return rotate(connection, keys=keys, now=now, actor=actor)
    new = keys.create()
    old_id, signature = keys.sign(_rotation(keys.key_id, new))
    details = {"old_key": old_id, "new_key": new.key_id, "public_key": new.text(), "signature": signature}
    with bind.begin():
        append(bind, [Event(at=now, actor=actor, action=Act.TRAIL_KEY_ROTATED, details=details)])
    keys.use(new)
    return new


def trusted(given: Mapping[str, PublicKey], rotations: list[Mapping[str, Any]]) -> dict[str, PublicKey]:
    """Return the keys given and those that rotations of trusted keys vouch for, by id."""
    known = dict(given)
    pending = list(rotations)
    while True:
        vouched = [rotation for rotation in pending if _vouched(rotation, known)]
        if not vouched:
            return known
        for rotation in vouched:
            key = PublicKey.of(str(rotation["public_key"]))
            known[key.key_id] = key
            pending.remove(rotation)


def _vouched(rotation: Mapping[str, Any], known: Mapping[str, PublicKey]) -> bool:
    old = known.get(str(rotation.get("old_key")))
    if old is None:
        return False
    try:
        new = PublicKey.of(str(rotation.get("public_key")))
    except KeyProblem:
        return False
    return old.accepts(_rotation(old.key_id, new), str(rotation.get("signature")))


def _rotation(old_id: str, new: PublicKey) -> bytes:
    return canonical({"kind": "understudy trail key rotation", "new": new.text(), "old": old_id}).encode()


def _write_new(path: Path, text: str) -> None:
    """Write a file that did not exist, readable by its owner only, and bring it to the disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
