"""Verify an exported trail with nothing but Python 3.

    python3 verify_trail.py [FOLDER] [--keys FILE] [--anchor FILE ...]

FOLDER holds events.jsonl and checkpoints.jsonl. Take the public keys and the anchors (checkpoints kept elsewhere) from
somewhere the sender of the export cannot change; the keys in FOLDER are used when none are given. Ends with 0 when
nothing is wrong and with 60 otherwise.

Every line of events.jsonl has the sealed text of one event (body) and hash = sha256(hash before || body). A checkpoint
names the hash of the one before and is signed with Ed25519 (RFC 8032). That is checked here in plain Python, which
takes some milliseconds; so where checkpoints follow each other unbroken, the newest signature of each key stands for
those before it. Files of any length are read in little memory.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

PRIME = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
CURVE = -121665 * pow(121666, PRIME - 2, PRIME) % PRIME
ROOT = pow(2, (PRIME - 1) // 4, PRIME)

SHOWN = 50  # problems
STALE = timedelta(hours=2)  # how far an event's moment and the checkpoints around it may lie apart

Point = tuple[int, int, int, int]


def add(p: Point, q: Point) -> Point:
    """Add two points of the curve in extended coordinates."""
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % PRIME, (p[1] + p[0]) * (q[1] + q[0]) % PRIME
    c, d = 2 * p[3] * q[3] * CURVE % PRIME, 2 * p[2] * q[2] % PRIME
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % PRIME, g * h % PRIME, f * g % PRIME, e * h % PRIME


def multiply(factor: int, point: Point) -> Point:
    """Multiply a point by a number."""
    result: Point = (0, 1, 1, 0)
    while factor:
        if factor & 1:
            result = add(result, point)
        point = add(point, point)
        factor >>= 1
    return result


def recover_x(y: int, sign: int) -> int | None:
    """Return the x that belongs to y on the curve."""
    if y >= PRIME:
        return None
    square = (y * y - 1) * pow(CURVE * y * y + 1, PRIME - 2, PRIME) % PRIME
    if square == 0:
        return None if sign else 0
    x = pow(square, (PRIME + 3) // 8, PRIME)
    if (x * x - square) % PRIME:
        x = x * ROOT % PRIME
    if (x * x - square) % PRIME:
        return None
    return PRIME - x if x & 1 != sign else x


def point_of(data: bytes) -> Point | None:
    """Read a point from its 32 bytes."""
    number = int.from_bytes(data, "little")
    y = number & ((1 << 255) - 1)
    x = recover_x(y, number >> 255)
    return None if x is None else (x, y, 1, x * y % PRIME)


BASE_Y = 4 * pow(5, PRIME - 2, PRIME) % PRIME
BASE_X = recover_x(BASE_Y, 0) or 0
BASE: Point = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % PRIME)


def accepts(public: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether the signature over the message was made with the key (RFC 8032, 5.1.7)."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, start = point_of(public), point_of(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or start is None or scalar >= ORDER:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    left = multiply(scalar, BASE)
    right = add(start, multiply(int.from_bytes(digest, "little") % ORDER, key))
    same_x = (left[0] * right[2] - right[0] * left[2]) % PRIME == 0
    return same_x and (left[1] * right[2] - right[1] * left[2]) % PRIME == 0


def canonical(value: Any) -> bytes:
    """Return the one JSON text of a value."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def key_id(public: bytes) -> str:
    """Return the id of a key: the start of its hash."""
    return hashlib.sha256(public).hexdigest()[:16]


class Damaged(Exception):
    """A file that is not what an export holds."""


def lines(path: Path) -> Iterator[Any]:
    """Return the JSON objects of a file, line by line."""
    number = 0
    try:
        with path.open(encoding="utf-8") as file:
            while some := list(islice(file, 1000)):
                for value in parsed([text for text in some if text.strip()]):
                    if not isinstance(value, dict):
                        raise ValueError("not an object")
                    number += 1
                    yield value
    except (OSError, ValueError) as error:
        raise Damaged(f"{path.name} cannot be read after line {number}: {error}") from error


def parsed(texts: list[str]) -> Iterator[Any]:
    """Return the JSON values of some lines, all at once for speed; one by one when one of them is damaged."""
    try:
        values = json.loads("[" + ",".join(texts) + "]")
    except ValueError:
        values = []
    return iter(values) if len(values) == len(texts) else map(json.loads, texts)


def read_keys(path: Path) -> dict[str, bytes]:
    """Return the public keys of a file by id."""
    try:
        texts = [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        keys = [bytes.fromhex(text.removeprefix("ed25519:")) for text in texts]
    except (OSError, ValueError) as error:
        raise Damaged(f"{path.name} holds no public keys: {error}") from error
    return {key_id(key): key for key in keys}


class Chain:
    """A walk along the chain with its checkpoints beside it, and what was found."""

    def __init__(self, checkpoints: Iterator[dict[str, Any]], anchors: set[int]) -> None:
        self.checkpoints = checkpoints
        self.anchors = anchors  # sequence numbers that checkpoints kept elsewhere speak of
        self.last = 0
        self.heads: dict[int, str] = {}  # the hash at each of them
        self.signed = 0  # checkpoints met
        self.rotations: list[dict[str, Any]] = []
        self.problems: list[str] = []
        self.count = 0  # of problems; only the first are kept

    def follow(self, events: Iterator[dict[str, Any]]) -> None:
        """Walk from the first event to the last."""
        head, last, sha256 = bytes(32), 0, hashlib.sha256
        checkpoint, before = next(self.checkpoints, None), None
        oldest, latest = "~", ""
        for line in events:
            seq, body, stored = line["seq"], line["body"], bytes.fromhex(line["hash"])
            if seq != last + 1:
                self.wrong(f"after sequence {last} comes {seq}: events were removed, added or reordered")
            elif body is None:
                self.wrong(f"sequence {seq}: the event was removed")
            elif sha256(head + body.encode()).digest() != stored:
                self.wrong(f"sequence {seq}: the event is not what was sealed")
            head, last = stored, seq
            if body is not None:
                start = body.find('"at":"') + 6  # keys are sorted: action, actor, at
                at = body[start : start + 27]
                oldest, latest = at if at < oldest else oldest, at if at > latest else latest
                if '"trail.key_rotated"' in body:
                    self.rotation(json.loads(body))
            while checkpoint is not None and checkpoint["seq"] <= seq:
                here = head.hex() if checkpoint["seq"] == seq else None
                self.compare(checkpoint, here, dates_problem(checkpoint, before, oldest, latest))
                checkpoint, before = next(self.checkpoints, None), checkpoint
                oldest, latest = "~", ""
            if seq in self.anchors:
                self.heads[seq] = head.hex()
        self.last = last
        while checkpoint is not None:
            self.compare(checkpoint, None, cut(f"checkpoint {checkpoint['number']}", checkpoint, last))
            checkpoint = next(self.checkpoints, None)

    def compare(self, checkpoint: dict[str, Any], here: str | None, problem: str | None) -> None:
        """Note what the chain lacks of what a checkpoint signed; `here` is the hash at its place."""
        self.signed += 1
        if here is not None and here != checkpoint["head"]:
            self.wrong(
                f"up to sequence {checkpoint['seq']} the trail is not what checkpoint {checkpoint['number']} signed"
            )
        if problem is not None:
            self.wrong(problem)

    def rotation(self, said: dict[str, Any]) -> None:
        """Note a key that took over."""
        if said.get("action") == "trail.key_rotated":
            self.rotations.append(said.get("details", {}))

    def wrong(self, sentence: str) -> None:
        """Note a problem; of very many only the first are kept."""
        self.count += 1
        if len(self.problems) < SHOWN:
            self.problems.append(sentence)


def cut(name: str, checkpoint: dict[str, Any], last: int) -> str:
    """Say that a checkpoint speaks of more events than there are."""
    return f"{name} signed {checkpoint['seq']} events, the trail ends at number {last}: the tail was cut"


def dates_problem(checkpoint: dict[str, Any], before: dict[str, Any] | None, oldest: str, latest: str) -> str | None:
    """Return what is wrong with the moments of the events between two checkpoints, if anything."""
    name = f"checkpoint {checkpoint['number']}"
    if before is not None and oldest < shifted(before["at"], -STALE):
        return f"{name} signs an event of {oldest}, the checkpoint before is of {before['at']}: an old date"
    if latest > shifted(checkpoint["at"], STALE):
        return f"{name} is of {checkpoint['at']} and signs an event of {latest}: a date to come"
    return None


def learn(keys: dict[str, bytes], rotations: list[dict[str, Any]]) -> dict[str, str]:
    """Add the keys that a trusted key vouches for, in the order of the trail; return who took over from whom."""
    replaced = {}
    for rotation in rotations:
        old = keys.get(rotation.get("old_key", ""))
        new = str(rotation.get("public_key"))
        message = canonical({"kind": "understudy trail key rotation", "new": new, "old": rotation.get("old_key")})
        if old is not None and accepts(old, message, unhex(rotation.get("signature"))):
            public = bytes.fromhex(new.removeprefix("ed25519:"))
            keys[key_id(public)] = public
            replaced[key_id(public)] = str(rotation["old_key"])
    return replaced


def unhex(text: object) -> bytes:
    """Return the bytes of a hexadecimal text; none when it is not one."""
    try:
        return bytes.fromhex(str(text))
    except ValueError:
        return b""


def signature_problem(name: str, checkpoint: dict[str, Any], keys: dict[str, bytes]) -> str | None:
    """Return what is wrong with the signature of a checkpoint, if anything."""
    public = keys.get(checkpoint["key_id"])
    if public is None:
        return f"{name} is signed with key {checkpoint['key_id']}, which is not trusted"
    parts = {name: checkpoint[name] for name in ("at", "head", "number", "previous", "seq")}
    message = canonical({**parts, "kind": "understudy trail checkpoint"})
    if not accepts(public, message, unhex(checkpoint["signature"])):
        return f"the signature of {name} is wrong"
    return None


def signing_problems(checkpoints: Iterator[dict[str, Any]], chain: Chain, keys: dict[str, bytes]) -> Iterator[str]:
    """Walk along the checkpoints: does each follow the one before and bear its signature?"""
    replaced = learn(keys, chain.rotations)
    before: dict[str, Any] | None = None
    retired: set[str] = set()
    for checkpoint in checkpoints:
        name = f"checkpoint {checkpoint['number']}"
        number, previous = (0, "0" * 64) if before is None else (before["number"], digest(before))
        linked = checkpoint["number"] == number + 1 and checkpoint["previous"] == previous
        if not linked:
            yield f"{name} does not follow checkpoint {number}"
        if before is not None and not (linked and checkpoint["key_id"] == before["key_id"]):
            yield from filter(None, [signature_problem(f"checkpoint {number}", before, keys)])
        if checkpoint["key_id"] in retired:
            yield f"{name} is signed with key {checkpoint['key_id']}, which was replaced before"
        old = replaced.get(checkpoint["key_id"])
        while old is not None and old not in retired and old != checkpoint["key_id"]:
            retired.add(old)
            old = replaced.get(old)
        before = checkpoint
    if before is not None:
        yield from filter(None, [signature_problem(f"checkpoint {before['number']}", before, keys)])
    elif chain.last:
        yield "there is no checkpoint at all"


def anchor_problems(anchors: list[dict[str, Any]], chain: Chain, keys: dict[str, bytes]) -> Iterator[str]:
    """Compare the checkpoints kept elsewhere with the chain."""
    for anchor in anchors:
        name = f"the checkpoint {anchor['number']} held elsewhere"
        yield from filter(None, [signature_problem(name, anchor, keys)])
        if anchor["seq"] > chain.last:
            yield cut(name, anchor, chain.last)
        elif chain.heads.get(anchor["seq"]) != anchor["head"]:
            yield f"up to sequence {anchor['seq']} the trail is not what {name} signed"


def shifted(at: str, by: timedelta) -> str:
    """Return a moment some time earlier or later, as the trail writes it."""
    return (datetime.fromisoformat(at.replace("Z", "+00:00")) + by).isoformat(timespec="microseconds")[:26] + "Z"


def digest(checkpoint: dict[str, Any]) -> str:
    """Return the hash by which the next checkpoint names this one."""
    return hashlib.sha256(canonical(checkpoint)).hexdigest()


def verify(folder: Path, keys_file: Path, anchor_files: list[Path]) -> tuple[str, list[str]]:
    """Return a summary and what was found wrong."""
    try:
        return _verify(folder, keys_file, anchor_files)
    except Damaged as error:
        return "the export is damaged", [str(error)]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return "the export is damaged", [f"a line is not what an export holds: {type(error).__name__} {error}"]


def _verify(folder: Path, keys_file: Path, anchor_files: list[Path]) -> tuple[str, list[str]]:
    keys = read_keys(keys_file)
    anchors = [anchor for path in anchor_files for anchor in lines(path)]
    checkpoints = folder / "checkpoints.jsonl"
    chain = Chain(lines(checkpoints), {anchor["seq"] for anchor in anchors})
    chain.follow(lines(folder / "events.jsonl"))
    for problem in signing_problems(lines(checkpoints), chain, keys):
        chain.wrong(problem)
    for problem in anchor_problems(anchors, chain, keys):
        chain.wrong(problem)
    more = [f"... and {chain.count - SHOWN} more"] if chain.count > SHOWN else []
    return f"{chain.last} events, {chain.signed} checkpoints, {len(anchors)} held elsewhere", [*chain.problems, *more]


def main() -> int:
    """Read the command line, verify, say what was found."""
    parser = argparse.ArgumentParser(description="Verify an exported trail with nothing but Python.")
    parser.add_argument("folder", type=Path, nargs="?", default=Path(__file__).parent)
    parser.add_argument("--keys", type=Path, help="public keys from elsewhere; default: those in the folder")
    parser.add_argument("--anchor", type=Path, action="append", default=[], help="checkpoints kept elsewhere")
    options = parser.parse_args()
    keys_file = options.keys or options.folder / "public-keys.txt"
    summary, problems = verify(options.folder, keys_file, options.anchor)
    for problem in problems:
        sys.stdout.write(f"PROBLEM: {problem}\n")
    sys.stdout.write(f"{summary}: {'NOT WHOLE' if problems else 'nothing wrong'}\n")
    return 60 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
