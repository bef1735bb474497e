"""Evidence, written to a folder for somebody to look at."""

import mimetypes
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.files.safewrite import write_bytes
from core.model.evidence import Evidence

if TYPE_CHECKING:
    from audit.evidence import EvidenceStore


def save_evidence(store: "EvidenceStore", evidence: Sequence[Evidence], folder: Path) -> list[Path]:
    """Write each piece under a number and what it shows; return the files. Its bytes are checked against its hash."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for number, one in enumerate(evidence, start=1):
        suffix = mimetypes.guess_extension(one.media_type) or ".bin"
        path = folder / f"{number:02d}-{_plain_name(one.name)}{suffix}"
        write_bytes(path, store.get(one.sha256))
        written.append(path)
    return written


def _plain_name(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60] or "evidence"
