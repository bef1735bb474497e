"""An exported trail verifies with nothing but Python, and the verifier notices what ours notices."""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from audit.checkpoints import anchor
from audit.export import export, read_keys
from audit.keys import Keyring, PublicKey, rotate
from audit.sealer import seal
from audit.standalone import accepts
from tests.audit.conftest import NOW, write


def run(folder: Path, *options: str) -> tuple[int, str]:
    """Run the exported program in a bare Python, without our packages."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(folder / "verify_trail.py"), *options],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def exported(trail: Connection, keys: Keyring, tmp_path: Path) -> Path:
    """An export of a trail of 41 events with a key rotation, verified with the first key only."""
    first = keys.public_keys()
    trail.rollback()
    rotate(trail, keys=keys, now=NOW + timedelta(minutes=16), actor="person:anna")
    seal(trail, now=NOW + timedelta(minutes=16), keys=keys, checkpoint=True)
    write(trail, range(90, 95), at=NOW + timedelta(minutes=16))
    done = export(trail, tmp_path / "export", public_keys=first)
    assert (done.events, done.checkpoints) == (41, 5)
    anchor(trail, tmp_path / "anchor.jsonl")
    return done.folder


def change(path: Path, line: int, old: str, new: str) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert old in lines[line]
    lines[line] = lines[line].replace(old, new)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_an_export_verifies_without_our_software(exported: Path, tmp_path: Path) -> None:
    """Chain, signatures, the rotated key and an anchor are all checked by the exported program."""
    code, said = run(exported, "--anchor", str(tmp_path / "anchor.jsonl"))
    assert (code, said) == (0, "41 events, 5 checkpoints, 1 held elsewhere: nothing wrong\n")


def test_an_edited_export_is_noticed(exported: Path) -> None:
    """One changed word in one event, and the program ends with 60."""
    change(exported / "events.jsonl", 16, "read", "cheated")
    code, said = run(exported)
    assert code == 60
    assert "PROBLEM: sequence 17: the event is not what was sealed" in said


def test_an_edited_checkpoint_is_noticed(exported: Path) -> None:
    """A checkpoint that says something else no longer bears its signature."""
    change(exported / "checkpoints.jsonl", 1, '"seq":20', '"seq":19')
    code, said = run(exported)
    assert code == 60
    assert "the signature of checkpoint 2 is wrong" in said


def test_a_cut_export_is_noticed_with_an_anchor(exported: Path, tmp_path: Path) -> None:
    """Cutting events and checkpoints passes by itself, and not against a checkpoint held elsewhere."""
    for name, kept in (("events.jsonl", 30), ("checkpoints.jsonl", 3)):
        lines = (exported / name).read_text(encoding="utf-8").splitlines()[:kept]
        (exported / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert run(exported)[0] == 0
    code, said = run(exported, "--anchor", str(tmp_path / "anchor.jsonl"))
    assert code == 60
    assert "the tail was cut" in said


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("events.jsonl", '{"seq": 1, "hash": null}\n', "the export is damaged"),
        ("events.jsonl", "half a li", "events.jsonl cannot be read after line 0"),
        ("events.jsonl", "[1]\n", "events.jsonl cannot be read after line 0"),
        ("checkpoints.jsonl", "{}\n", "a line is not what an export holds"),
        ("public-keys.txt", "ed25519:xyz\n", "public-keys.txt holds no public keys"),
    ],
)
def test_a_damaged_export_is_told_in_words(exported: Path, name: str, text: str, says: str) -> None:
    """What cannot be read is a finding of its own, not a crash of the program."""
    (exported / name).write_text(text, encoding="utf-8")
    code, said = run(exported)
    assert code == 60
    assert says in said
    assert "Traceback" not in said


def test_a_missing_file_is_told_in_words(exported: Path) -> None:
    """A package that is not complete is not whole."""
    (exported / "checkpoints.jsonl").unlink()
    code, said = run(exported)
    assert code == 60
    assert "checkpoints.jsonl cannot be read" in said


def test_a_removed_and_a_made_up_checkpoint_are_noticed(exported: Path, trail: Connection, keys: Keyring) -> None:
    """The newest signature stands for those before it only while each names the one before."""
    path = exported / "checkpoints.jsonl"
    whole = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(whole[:2] + whole[3:]) + "\n", encoding="utf-8")
    assert "checkpoint 4 does not follow checkpoint 2" in run(exported)[1]
    made = json.loads(whole[2]) | {"signature": "00" * 64}
    path.write_text("\n".join([*whole[:2], json.dumps(made), *whole[3:]]) + "\n", encoding="utf-8")
    said = run(exported)[1]
    assert "checkpoint 4 does not follow checkpoint 3" in said
    assert "the signature of checkpoint 3 is wrong" in said


def test_an_old_date_and_a_replaced_key_are_noticed(trail: Connection, keys: Keyring, tmp_path: Path) -> None:
    """The exported program tells what verifying the database tells."""
    trail.rollback()
    (old,) = keys.public_keys()
    later = NOW + timedelta(minutes=16)
    write(trail, range(80, 81), at=NOW - timedelta(days=3))
    rotate(trail, keys=keys, now=later, actor="person:anna")
    seal(trail, now=later, keys=keys, checkpoint=True)
    keys.use(old)
    write(trail, range(81, 82), at=later + timedelta(days=3))
    seal(trail, now=later, keys=keys, checkpoint=True)
    folder = export(trail, tmp_path / "export", public_keys=[old]).folder
    code, said = run(folder)
    assert code == 60
    assert "checkpoint 5 signs an event of 2026-02-27T09:00:00.000000Z" in said
    assert "a date to come" in said
    assert f"checkpoint 6 is signed with key {old.key_id}, which was replaced before" in said


def test_another_key_is_not_trusted(exported: Path, tmp_path: Path) -> None:
    """With the keys of someone else no signature counts."""
    (other,) = Keyring.open(tmp_path / "other").public_keys()
    (tmp_path / "other.txt").write_text(other.text() + "\n", encoding="utf-8")
    code, said = run(exported, "--keys", str(tmp_path / "other.txt"))
    assert code == 60
    assert "which is not trusted" in said


def test_an_existing_folder_is_not_overwritten(trail: Connection, keys: Keyring, tmp_path: Path) -> None:
    """An export never mixes with an older one."""
    (tmp_path / "export").mkdir()
    with pytest.raises(FileExistsError):
        export(trail, tmp_path / "export", public_keys=keys.public_keys())


def test_exported_keys_and_events_read_back(exported: Path) -> None:
    """The key file and the event lines are plain text that anyone can read."""
    assert len(read_keys(exported / "public-keys.txt")) == 1
    first = json.loads((exported / "events.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert json.loads(first["body"])["item_id"] == 1


@settings(max_examples=10)
@given(message=st.binary(max_size=100), flip=st.integers(0, 511))
def test_signatures_in_plain_python_agree_with_the_library(message: bytes, flip: int) -> None:
    """What the library signs is accepted, and with any one bit changed it is not."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.generate()
    public = PublicKey(private.public_key().public_bytes_raw())
    signature = private.sign(message)
    assert accepts(public.raw, message, signature)
    wrong = bytearray(signature)
    wrong[flip // 8] ^= 1 << (flip % 8)
    assert not accepts(public.raw, message, bytes(wrong))
    assert not public.accepts(message, bytes(wrong).hex())
