"""Messages between a reader process and whoever asked it: a JSON head and plain bytes, lengths first.

Nothing is unpickled: a document that takes over the reader can still say only what a document could say.
"""

import json
import os
import struct
from collections.abc import Callable, Iterable
from typing import Any

_LENGTHS = struct.Struct("<II")
MOST = 400_000_000  # bytes of one message; more is taken for a broken reader


class FrameBroken(Exception):
    """The other side stopped in the middle of a message, or sent what is none."""


def write_frame(out: int, head: object, parts: Iterable[bytes] = ()) -> None:
    """Write one message to a file descriptor."""
    encoded = json.dumps(head).encode()
    body = b"".join(parts)
    rest = memoryview(_LENGTHS.pack(len(encoded), len(body)) + encoded + body)
    while rest:
        rest = rest[os.write(out, rest) :]


def read_frame(read: Callable[[int], bytes]) -> tuple[Any, bytes]:
    """Read one message; `read(most)` returns some bytes, none at the end.

    Raises FrameBroken when the other side ended or the message is none.
    """
    head_size, body_size = _LENGTHS.unpack(_exactly(read, _LENGTHS.size))
    if head_size + body_size > MOST:
        raise FrameBroken(f"a message of {head_size + body_size} bytes")
    encoded = _exactly(read, head_size)
    body = _exactly(read, body_size)
    try:
        return json.loads(encoded), body
    except ValueError as error:
        raise FrameBroken("a message head that is not JSON") from error


def _exactly(read: Callable[[int], bytes], size: int) -> bytes:
    found = bytearray()
    while len(found) < size:
        some = read(size - len(found))
        if not some:
            raise FrameBroken("the other side ended")
        found += some
    return bytes(found)
