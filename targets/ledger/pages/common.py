"""What every page of the ledger has, and the way in."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from understudy import LoginFailed, Page, PortalChanged, PortalUnavailable, Seen, SessionLost

if TYPE_CHECKING:
    from playwright.sync_api import Locator


class LedgerPage(Page):
    """Any page behind the login."""

    def surprise(self, seen: Seen) -> None:
        """Recognise a lost session, maintenance, and a dialog in the way."""
        if "Planned maintenance" in seen.headings:
            raise PortalUnavailable("the ledger says that it is down for maintenance")
        if seen.password:
            raise SessionLost("the ledger asks for a login")
        if seen.dialogs:
            raise PortalChanged(f"a dialog lies over the ledger's page {seen.path}: {seen.dialogs[0]!r}")

    @property
    def alert(self) -> "Locator":
        """What the ledger complains about."""
        return self.page.get_by_role("alert").describe("the ledger's message")

    @property
    def status(self) -> "Locator":
        """What the ledger says of a search or a save."""
        return self.page.get_by_role("status").describe("the line below the list")

    def signed_in_user(self) -> str:
        """Return who the ledger says is signed in."""
        return self.text(self.page.locator("#signed-in-user").describe("the name of the signed-in user"))

    def _exists(self, what: str, heading: str) -> bool:
        """Tell a page that shows what was asked for from one that says it is not known."""
        if heading in self.arrived().headings:
            return True
        found = self.either(self.heading(heading), self.heading("Not found"))
        if self.text(found) == heading:
            return True
        said = self.text(self.alert)
        if said != f"{what} was not found.":
            raise PortalChanged(f"the ledger shows 'Not found' and says {said!r}; {what} was asked for")
        return False

    def _searched(self, asked: Mapping[str, str]) -> None:
        """Make sure that the list is the answer to what was asked."""
        shown = self.read_all(list(asked))
        for label, value in asked.items():
            if shown[label] != value:
                raise PortalChanged(f"the search shows {label!r} as {shown[label]!r}; {value!r} was asked for")


class LoginPage(LedgerPage):
    """The way in."""

    def surprise(self, seen: Seen) -> None:
        """Here a password field is no surprise."""
        if not seen.password:
            super().surprise(seen)

    def inside(self) -> bool:
        """Tell whether the ledger still knows who we are; opens its home page to see."""
        self.goto("/")
        home = self.heading("Home")
        return self.either(home, self.button("Sign in")) is home

    def sign_in(self, user: str, password: str) -> None:
        """Sign in once; raise LoginFailed when the ledger refuses."""
        self.goto("/login")
        self.fill("User name", user)
        self.fill("Password", password)
        self.click(self.button("Sign in"))
        inside = self.heading("Home")
        if self.either(inside, self.alert) is not inside:
            raise LoginFailed(
                f"the ledger refused the login and says: {self.text(self.alert)} "
                "Correct the stored password, then release the hold."
            )

    def sign_out(self) -> None:
        """End the session."""
        self.goto("/")
        self.click(self.button("Sign out"))
        self.wait(self.button("Sign in"))


def must_be(what: str, asked: str, shown: str) -> None:
    """Raise PortalChanged when the ledger shows another record than was asked for."""
    if shown != asked:
        raise PortalChanged(f"the ledger shows {what} {shown!r}; {asked!r} was asked for")
