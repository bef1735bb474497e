"""What can go wrong in the trail and the evidence; the lowest floor has errors of its own."""


class AuditError(Exception):
    """Any error raised on purpose here: `code` is stable and in CAPITALS, `message` is for a person."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class EventRefused(AuditError):
    """An event that the trail does not take: an unknown action, a float, a moment without a zone."""

    def __init__(self, message: str) -> None:
        super().__init__("EVENT_REFUSED", message)


class KeyProblem(AuditError):
    """A signing key that is missing, unreadable or not what its name says."""

    def __init__(self, message: str) -> None:
        super().__init__("TRAIL_KEY", message)


class TrailChanged(AuditError):
    """The trail no longer holds what was signed before; signing on would vouch for the change."""

    def __init__(self, *, number: int, at: str, place: str) -> None:
        super().__init__(
            "TRAIL_CHANGED",
            f"the trail no longer holds checkpoint {number} of {at}, or not what it signed: somebody changed the "
            f"database, or it was restored from an older copy. Nothing more is signed. Keep {place} as evidence of "
            "what was there; once the cause is known, move it elsewhere, and signing goes on",
        )


class CommitmentUnknown(AuditError):
    """A token for personal data that this trail does not hold."""

    def __init__(self, token: str) -> None:
        super().__init__("COMMITMENT_UNKNOWN", f"no personal data is kept under {token!r}; check the token")


class EvidenceMissing(AuditError):
    """Evidence that is not in the store, and nobody noted that it was deleted."""

    def __init__(self, sha256: str) -> None:
        super().__init__("EVIDENCE_MISSING", f"evidence {sha256} is not in the store; ask for the backup")


class EvidenceGone(AuditError):
    """Evidence that was deleted on purpose, with its date and reason."""

    def __init__(self, sha256: str, *, at: str, reason: str) -> None:
        super().__init__("EVIDENCE_GONE", f"evidence {sha256} was deleted at {at}: {reason}")
        self.at = at
        self.reason = reason


class EvidenceTampered(AuditError):
    """Evidence whose bytes are not those that were stored, or that the configured key does not open."""

    def __init__(self, sha256: str, why: str) -> None:
        super().__init__("EVIDENCE_TAMPERED", f"evidence {sha256} is not what was stored: {why}")


class EvidencePlace(AuditError):
    """The place for evidence is configured wrongly: no such kind of place, or no driver for it."""

    def __init__(self, message: str) -> None:
        super().__init__("EVIDENCE_PLACE", message)


class EvidenceKeyTooShort(AuditError):
    """The key for evidence could be guessed."""

    def __init__(self, message: str) -> None:
        super().__init__("EVIDENCE_KEY", message)


class EvidenceUnavailable(AuditError):
    """The store for evidence does not answer, is full or refuses us; later may work."""

    def __init__(self, place: str, why: str) -> None:
        super().__init__("EVIDENCE_UNAVAILABLE", f"evidence cannot be kept in or read from {place}: {why}")
