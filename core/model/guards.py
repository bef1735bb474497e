"""What a target may ask of the effect it is acting for."""

from typing import Protocol


class Guard(Protocol):
    """The running effect, seen from a page object; the runtime gives every target one."""

    def require(self, what: str) -> None:
        """Raise OutsideEffect unless an effect is running its `do`."""

    def committing(self) -> None:
        """Pass the fence right before a click that cannot be taken back.

        Raises Fenced when the item is no longer this worker's or the local deadline has passed. After it returns the
        outcome is in doubt until a receipt is stored.
        """

    def evidence(self, name: str, data: bytes, *, media_type: str) -> None:
        """Store bytes (a picture, a page) as evidence of the item; `name` says what they show."""
