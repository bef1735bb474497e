"""Verify an exported trail with nothing but Python 3.

    python3 verify_trail.py [FOLDER] [--keys FILE] [--anchor FILE ...]

FOLDER holds events.jsonl and checkpoints.jsonl. Take the public keys and the anchors (checkpoints kept elsewhere) from
somewhere the sender of the export cannot change; the keys in FOLDER are used when none are given. Ends with 0 when
nothing is wrong and with 60 otherwise.

Every line of events.jsonl has the sealed text of one event (body) and hash = sha256(hash before || body). A checkpoint
is signed with Ed25519 (RFC 8032), checked here in plain Python, which takes some milliseconds each.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PRIME = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
CURVE = -121665 * pow(121666, PRIME - 2, PRIME) % PRIME
ROOT = pow(2, (PRIME - 1) // 4, PRIME)

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


def lines(path: Path) -> Iterator[Any]:
    """Return the JSON values of a file, line by line."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            if line.strip():
                yield json.loads(line)


def read_keys(path: Path) -> dict[str, bytes]:
    """Return the public keys of a file by id."""
    texts = [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    keys = [bytes.fromhex(text.removeprefix("ed25519:")) for text in texts]
    return {key_id(key): key for key in keys}


def follow(path: Path, wanted: set[int]) -> tuple[int, dict[int, str], list[dict[str, Any]], list[str]]:
    """Walk the chain: how long it is, the hashes asked for, key rotations, and what is wrong."""
    head, last = bytes(32), 0
    heads: dict[int, str] = {}
    rotations: list[dict[str, Any]] = []
    problems: list[str] = []
    for line in lines(path):
        seq, body, stored = line["seq"], line["body"], bytes.fromhex(line["hash"])
        if seq != last + 1:
            problems.append(f"after sequence {last} comes {seq}: events were removed, added or reordered")
        elif body is None:
            problems.append(f"sequence {seq}: the event was removed")
        elif hashlib.sha256(head + body.encode()).digest() != stored:
            problems.append(f"sequence {seq}: the event is not what was sealed")
        head, last = stored, seq
        if seq in wanted:
            heads[seq] = stored.hex()
        if body is not None and '"trail.key_rotated"' in body:
            said = json.loads(body)
            if said.get("action") == "trail.key_rotated":
                rotations.append(said.get("details", {}))
    return last, heads, rotations, problems


def learn(keys: dict[str, bytes], rotations: list[dict[str, Any]]) -> None:
    """Add the keys that a trusted key vouches for, in the order of the trail."""
    for rotation in rotations:
        old = keys.get(rotation.get("old_key", ""))
        new = str(rotation.get("public_key"))
        message = canonical({"kind": "understudy trail key rotation", "new": new, "old": rotation.get("old_key")})
        if old is not None and accepts(old, message, bytes.fromhex(str(rotation.get("signature")))):
            public = bytes.fromhex(new.removeprefix("ed25519:"))
            keys[key_id(public)] = public


def signature_problem(name: str, checkpoint: dict[str, Any], keys: dict[str, bytes]) -> str | None:
    """Return what is wrong with the signature of a checkpoint, if anything."""
    public = keys.get(checkpoint["key_id"])
    if public is None:
        return f"{name} is signed with key {checkpoint['key_id']}, which is not trusted"
    parts = {name: checkpoint[name] for name in ("at", "head", "number", "previous", "seq")}
    message = canonical({**parts, "kind": "understudy trail checkpoint"})
    if not accepts(public, message, bytes.fromhex(checkpoint["signature"])):
        return f"the signature of {name} is wrong"
    return None


def head_problem(name: str, checkpoint: dict[str, Any], last: int, heads: dict[int, str]) -> str | None:
    """Return what the chain lacks of what a checkpoint says, if anything."""
    if checkpoint["seq"] > last:
        return f"{name} signed {checkpoint['seq']} events, the trail ends at number {last}: the tail was cut"
    if heads.get(checkpoint["seq"]) != checkpoint["head"]:
        return f"up to sequence {checkpoint['seq']} the trail is not what {name} signed"
    return None


def link_problems(checkpoints: list[dict[str, Any]]) -> list[str]:
    """Return the places where one checkpoint does not follow the other."""
    problems, number, previous = [], 0, "0" * 64
    for checkpoint in checkpoints:
        if checkpoint["number"] != number + 1 or checkpoint["previous"] != previous:
            problems.append(f"checkpoint {checkpoint['number']} does not follow checkpoint {number}")
        number, previous = checkpoint["number"], hashlib.sha256(canonical(checkpoint)).hexdigest()
    return problems


def verify(folder: Path, keys_file: Path, anchor_files: list[Path]) -> tuple[str, list[str]]:
    """Return a summary and everything found wrong."""
    checkpoints = list(lines(folder / "checkpoints.jsonl"))
    anchors = [anchor for path in anchor_files for anchor in lines(path)]
    keys = read_keys(keys_file)
    wanted = {checkpoint["seq"] for checkpoint in [*checkpoints, *anchors]}
    last, heads, rotations, problems = follow(folder / "events.jsonl", wanted)
    learn(keys, rotations)
    if last and not checkpoints:
        problems.append("there is no checkpoint at all")
    problems += link_problems(checkpoints)
    named = [(f"checkpoint {checkpoint['number']}", checkpoint) for checkpoint in checkpoints]
    named += [(f"the checkpoint {anchor['number']} held elsewhere", anchor) for anchor in anchors]
    for name, checkpoint in named:
        found = (signature_problem(name, checkpoint, keys), head_problem(name, checkpoint, last, heads))
        problems += [problem for problem in found if problem]
    return f"{last} events, {len(checkpoints)} checkpoints, {len(anchors)} held elsewhere", problems


def main() -> int:
    """Read the command line, verify, say what was found."""
    parser = argparse.ArgumentParser(description="Verify an exported trail with nothing but Python.")
    parser.add_argument("folder", type=Path, nargs="?", default=Path(__file__).parent)
    parser.add_argument("--keys", type=Path, help="public keys from elsewhere; default: those in the folder")
    parser.add_argument("--anchor", type=Path, action="append", default=[], help="checkpoints kept elsewhere")
    options = parser.parse_args()
    keys_file = options.keys or options.folder / "public-keys.txt"
    summary, problems = verify(options.folder, keys_file, options.anchor)
    for problem in problems[:50]:
        sys.stdout.write(f"PROBLEM: {problem}\n")
    sys.stdout.write(f"{summary}: {f'{len(problems)} problems' if problems else 'nothing wrong'}\n")
    return 60 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
