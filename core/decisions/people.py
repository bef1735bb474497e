"""Who may decide: the `[people]` table of bots.toml."""

from collections.abc import Mapping

from core.decisions.refused import DecisionRefused


class People:
    """Names and their roles; with no `[people]` table every name is taken as given, and has no role."""

    def __init__(self, roles: Mapping[str, tuple[str, ...]] | None = None) -> None:
        self._roles = dict(roles or {})

    def admit(self, who: str, *, role: str | None = None) -> None:
        """Raise DecisionRefused when this person may not decide, or lacks the role a check asks for."""
        if not who.strip():
            raise DecisionRefused("NO_NAME", "A decision needs the name of the person who takes it.")
        if self._roles and who not in self._roles:
            raise DecisionRefused(
                "UNKNOWN_PERSON",
                f"{who} is not in the [people] table of bots.toml; ask the automation team to add them.",
            )
        if role is not None and role not in self._roles.get(who, ()):
            raise DecisionRefused(
                "ROLE_LACKING",
                f"This needs somebody with the role {role!r}; {who} does not have it in bots.toml.",
            )
