"""The click that cannot be taken back."""

import re
import traceback
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.browser import Page, changes, difference
from core.errors import ApplicationException, BusinessException, Fenced, OutsideEffect, PortalChanged, PortalUnavailable
from tests.core.browser.guard import NotingGuard
from tests.core.browser.portal import FORM, Portal

EXPECTING = {"Invoice number": "INV-7", "Currency": "Euro"}


class Form(Page):
    """The portal's voucher form."""

    def prepared(self) -> "Form":
        """Open and fill it."""
        self.goto("/")
        self.fill("Invoice number", "INV-7")
        self.choose("Currency", "Euro")
        return self

    @changes
    def post(self, *, accepting: str | None = None) -> str:
        """Post the voucher."""
        self.commit(
            self.button("Post voucher"),
            expecting=EXPECTING,
            then=self.heading("Voucher posted"),
            accepting=accepting,
        )
        return self.read("Voucher number")


def test_a_commit_reads_back_pictures_fences_and_clicks_once(page: Page, portal: Portal, guard: NotingGuard) -> None:
    """The form is sent once, between two JPEGs, with the fence passed right before the click."""
    form = page.on(Form).prepared()
    with guard.effect():
        assert form.post() == "V-3"
    assert guard.notes == ["before", "committing", "after"]
    assert all(data.startswith(b"\xff\xd8") for _, data, _ in guard.kept)
    assert len(portal.posts) == 1
    assert "INV-7" in portal.posts[0]


def test_outside_an_effect_nothing_is_done(page: Page, portal: Portal, guard: NotingGuard) -> None:
    """A marked method and a bare commit both refuse outside an effect, before touching the page."""
    form = page.on(Form).prepared()
    with pytest.raises(OutsideEffect, match=r"Form\.post"):
        form.post()
    with pytest.raises(OutsideEffect, match=r"Form\.commit"):
        form.commit(form.button("Post voucher"), expecting={}, then=form.heading("Voucher posted"))
    assert (guard.notes, portal.posts) == ([], [])


def test_a_fallen_fence_stops_the_click(page: Page, portal: Portal, guard: NotingGuard) -> None:
    """When the item is no longer this worker's the click does not happen."""
    form = page.on(Form).prepared()
    guard.fenced = True
    with guard.effect(), pytest.raises(Fenced):
        form.post()
    assert portal.posts == []


def test_a_picture_that_cannot_be_kept_after_the_click_is_an_error_after_it(
    page: Page, portal: Portal, guard: NotingGuard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The click was made: the runtime is told of an error behind the fence, and looks before it acts again."""
    form = page.on(Form).prepared()
    monkeypatch.setattr(guard, "committing", lambda: setattr(guard, "store_down", True))
    with guard.effect(), pytest.raises(ApplicationException, match="EVIDENCE_UNAVAILABLE"):
        form.post()
    assert len(portal.posts) == 1


def test_without_its_picture_the_click_does_not_happen(page: Page, portal: Portal, guard: NotingGuard) -> None:
    """When the evidence of what is about to be sent cannot be kept, nothing is sent and the fence is not passed."""
    form = page.on(Form).prepared()
    guard.store_down = True
    with guard.effect(), pytest.raises(ApplicationException, match="EVIDENCE_UNAVAILABLE"):
        form.post()
    assert (guard.notes, portal.posts) == ([], [])


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        ("number.oninput = () => number.value = number.value.slice(0, 3)", "shortened"),
        ("number.onchange = () => number.value = 'INV7'", "reformatted"),
        ("number.onchange = () => number.value = ''", "empty"),
        ("number.onchange = () => number.value = 'OTHER'", "different"),
    ],
)
def test_a_field_that_does_not_keep_its_value_stops_the_commit(
    page: Page, portal: Portal, guard: NotingGuard, script: str, kind: str
) -> None:
    """A value the portal changed goes to a person, naming field, both values and the kind; nothing is sent."""
    portal.form = FORM + f"<script>{script}</script>"
    form = page.on(Form).prepared()
    with guard.effect(), pytest.raises(BusinessException, match="'Invoice number' should show 'INV-7'") as raised:
        form.post()
    assert raised.value.code == "READ_BACK_DIFFERS"
    assert raised.value.fields == ("Invoice number",)
    assert kind in raised.value.message
    assert portal.posts == []
    assert "committing" not in guard.notes


def test_a_choice_may_be_expected_by_its_words_or_its_code(page: Page, portal: Portal, guard: NotingGuard) -> None:
    """A select is read back by what it shows or by what it sends."""
    form = page.on(Form).prepared()
    with guard.effect():
        form.commit(form.button("Post voucher"), expecting={"Currency": "EUR"}, then=form.heading("Voucher posted"))
    assert len(portal.posts) == 1


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ("<div role=dialog style='position:fixed;inset:0;background:white'>Read the news</div>", "Read the news"),
        ("<script>document.querySelector('button').disabled = true</script>", "disabled"),
        ("<button>Post voucher</button>", "more than one button"),
    ],
)
def test_a_button_that_cannot_be_clicked_is_found_before_the_fence(
    page: Page, portal: Portal, guard: NotingGuard, extra: str, words: str
) -> None:
    """A covered, disabled or doubled button raises PortalChanged while nothing is in doubt yet."""
    portal.form = FORM + extra
    form = page.on(Form).prepared()
    with guard.effect(), pytest.raises(PortalChanged, match=words):
        form.post()
    assert "committing" not in guard.notes
    assert portal.posts == []


def test_a_flickering_overlay_never_makes_two_clicks(page: Page, portal: Portal, guard: NotingGuard) -> None:
    """An overlay that comes and goes over the button costs at most time: the form is sent once or not at all."""
    portal.form = FORM.replace("<form ", "<form onsubmit='window.sent = (window.sent || 0) + 1; return false' ") + (
        "<h2 hidden>Sent</h2><div id=over style='position:fixed;inset:0;background:white'></div>"
        "<script>setInterval(() => { over.hidden = !over.hidden; over.style.display = over.hidden ? 'none' : '' }, 40);"
        "document.querySelector('form').addEventListener('submit', () => {"
        "document.querySelector('h2').hidden = false })</script>"
    )
    for _ in range(5):
        form = page.on(Form).prepared()
        with guard.effect(), suppress(PortalChanged):  # the overlay came between press and release: nothing was sent
            form.commit(form.button("Post voucher"), expecting=EXPECTING, then=form.heading("Sent"))
        assert form.page.evaluate("window.sent || 0") <= 1


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((500, "<h1>Oops</h1>"), PortalUnavailable),
        ((503, "<h1>Back soon</h1>"), PortalUnavailable),
        ((0, ""), PortalUnavailable),
        ((200, "<h1>Check the form</h1>"), PortalChanged),
    ],
)
def test_an_unclear_answer_is_an_error_after_the_fence(
    page: Page, portal: Portal, guard: NotingGuard, answer: tuple[int, str], error: type[Exception]
) -> None:
    """A server error, a lost connection or another page after the click raises, the fence having been passed."""
    portal.after_post = answer
    form = page.on(Form).prepared()
    with guard.effect(), pytest.raises(error):
        form.post()
    assert guard.notes == ["before", "committing"]
    assert len(portal.posts) >= 1


def test_an_answer_that_does_not_come_is_no_changed_page(page: Page, portal: Portal, guard: NotingGuard) -> None:
    """When the next page was asked for and is late, the portal is called slow, not changed."""
    portal.posts_wait = True
    form = page.on(Form).prepared()
    with guard.effect(), pytest.raises(PortalUnavailable, match="the next page was asked for and did not come"):
        form.post()
    assert not page.tab.awaited
    portal.gate.set()
    assert len(portal.posts) == 1


def test_a_dialog_the_target_is_known_to_ask_is_accepted(page: Page, portal: Portal, guard: NotingGuard) -> None:
    """An expected question is answered yes; the same question unexpected is answered no and reported."""
    portal.form = FORM.replace("<form ", "<form onsubmit=\"return confirm('Post this voucher?')\" ")
    form = page.on(Form).prepared()
    with guard.effect():
        assert form.post(accepting="Post this") == "V-3"
    form.prepared()
    with guard.effect(), pytest.raises(PortalChanged, match="Post this voucher"):
        form.post()
    assert len(portal.posts) == 1


def test_the_address_can_prove_the_click(page: Page, portal: Portal, guard: NotingGuard) -> None:
    """`then` may be a pattern of the address."""
    form = page.on(Form).prepared()
    with guard.effect():
        form.commit(form.button("Post voucher"), expecting={}, then=re.compile(r"/vouchers$"))
    assert len(portal.posts) == 1


@given(st.text())
def test_a_value_never_differs_from_itself(value: str) -> None:
    """What is shown as typed is no difference."""
    assert difference(value, value) is None


@given(st.text(alphabet="abc123-/.,", min_size=1), st.text(alphabet="abc123-/.,"))
def test_two_values_are_equal_or_the_difference_has_a_name(typed: str, shown: str) -> None:
    """Every difference has one of four names."""
    kind = difference(typed, shown)
    assert (kind is None) == (typed == shown)
    assert kind in {None, "empty", "shortened", "reformatted", "different"}


@pytest.mark.parametrize(
    ("typed", "shown", "kind"),
    [
        ("2025-03-04", "04/03/2025", "reformatted"),
        ("2.50", "2.5", "reformatted"),
        ("1250.00", "1,250.00", "reformatted"),
        ("SUPPLIER-REF-1", "SUPPLIER", "shortened"),
        ("INV-7", "inv7", "reformatted"),
        ("INV-7", "INV-8", "different"),
        ("line one\r\nline two", "line one\nline two", None),
    ],
)
def test_differences_are_named(typed: str, shown: str, kind: str | None) -> None:
    """The name says what the portal did to the value."""
    assert difference(typed, shown) == kind


def test_errors_keep_quiet_about_values(page: Page, portal: Portal, guard: NotingGuard) -> None:
    """An error about a form does not carry what was typed into it."""
    portal.form = FORM.replace("<button>", "<button hidden>")
    form = page.on(Form).prepared()
    with guard.effect(), pytest.raises(PortalChanged) as raised:
        form.post()
    assert "INV-7" not in "".join(traceback.format_exception(raised.value))
