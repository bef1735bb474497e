"""Modes and grants: how far a bot may go."""

from core.trust.modes import effective_mode

__all__ = ["effective_mode"]
