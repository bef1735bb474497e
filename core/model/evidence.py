"""Evidence: immutable bytes that show what was read, seen or done, named by their hash."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A reference to stored bytes; the bytes themselves live in the evidence store."""

    sha256: str
    name: str  # what it shows, e.g. "voucher before saving"
    media_type: str
    size: int  # bytes
    at: datetime
