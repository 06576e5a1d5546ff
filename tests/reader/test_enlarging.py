"""A figure is shown as large as the window allows."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from reading import PHONE, WIDE, focused, press, reading

pytestmark = pytest.mark.slow


def buttons(page: Page) -> Locator:
    return page.locator("main figure button")


def drawn(picture: Locator) -> tuple[float, float]:
    """The size at which the picture itself is painted inside its box."""
    width, height, natural_width, natural_height = picture.evaluate(
        """(image) => [image.clientWidth, image.clientHeight, image.naturalWidth, image.naturalHeight]"""
    )
    scale = min(width / natural_width, height / natural_height)
    return scale * natural_width, scale * natural_height


@pytest.mark.long
@pytest.mark.parametrize("by", ["mouse", "Enter", "Space"])
def test_it_opens_and_closes_and_the_focus_returns(browser: Browser, build: Path, by: str) -> None:
    with reading(browser, build / "report.html") as page:
        dialog = page.get_by_role("dialog")
        for at in (0, 5):
            press(page, buttons(page).nth(at), by)
            expect(dialog).to_be_in_viewport()
            page.keyboard.press("Escape")
            expect(dialog).to_be_hidden()
            assert focused(page, buttons(page).nth(at))
        press(page, buttons(page).first, by)
        press(page, dialog.get_by_role("button", name="Close"), by)
        expect(dialog).to_be_hidden()
        assert focused(page, buttons(page).first)


@pytest.mark.long
@pytest.mark.parametrize("width", [WIDE, PHONE])
def test_every_figure_in_its_turn_with_its_caption(browser: Browser, build: Path, width: int) -> None:
    with reading(browser, build / "report.html", width) as page:
        figures = page.locator("main figure")
        count = figures.count()
        assert count > 20
        dialog = page.get_by_role("dialog")
        buttons(page).first.click()
        for at in [*range(count), 0]:
            originals = figures.nth(at).locator(".plate > img, .tile img")
            pictures = dialog.locator("img:visible:not(.strip)")
            every = "(images) => images.map((image) => [image.src, image.alt])"
            assert pictures.evaluate_all(every) == originals.evaluate_all(every)
            labels = figures.nth(at).locator(".label").all_text_contents()
            assert dialog.locator(".label").all_text_contents() == labels
            picture = pictures.first
            caption = figures.nth(at).locator("figcaption").text_content() or ""
            assert dialog.locator(".caption").text_content() == caption
            expect(dialog).to_have_accessible_name(" ".join(caption.split()))
            expect(picture).to_be_in_viewport(ratio=0.99)
            # Next by mouse and by keyboard in turn.
            press(page, dialog.get_by_role("button", name="Next"), "mouse" if at % 2 else "Enter")
        page.keyboard.press("ArrowLeft")
        expect(dialog.get_by_role("status")).to_have_text(f"1 of {count}")
        dialog.get_by_role("button", name="Previous").click()
        expect(dialog.get_by_role("status")).to_have_text(f"{count} of {count}")


@pytest.mark.long
def test_it_is_larger_than_in_the_text(browser: Browser, build: Path) -> None:
    with reading(browser, build / "report.html") as page:
        small = drawn(page.locator("#figure-confusion img"))
        # A click is for the cells.
        press(page, page.locator("#figure-confusion button"), "Enter")
        stage = page.locator("dialog .stage").bounding_box()
        large = drawn(page.get_by_role("dialog").locator("img"))
    assert stage is not None
    assert large[0] > 1.3 * small[0]
    assert max(large[0] / stage["width"], large[1] / stage["height"]) == pytest.approx(1, abs=0.01)


@pytest.mark.long
@pytest.mark.parametrize("by", ["mouse", "Enter"])
def test_on_a_phone_a_wide_figure_can_be_seen_in_full_size(browser: Browser, build: Path, by: str) -> None:
    with reading(browser, build / "report.html", PHONE) as page:
        page.locator("#figure-history button").click()
        picture = page.get_by_role("dialog").locator("img:visible")
        fitting = drawn(picture)
        button = page.get_by_role("dialog").get_by_role("button", name="Full size")
        press(page, button, by)
        expect(button).to_have_attribute("aria-pressed", "true")
        assert drawn(picture)[0] > 1.9 * fitting[0]
        press(page, button, by)
        assert drawn(picture) == fitting


@pytest.mark.long
def test_a_label_can_be_selected_and_its_number_asked_for(browser: Browser, build: Path) -> None:
    with reading(browser, build / "report.html") as page:
        label = page.locator("#figure-patches_0 .label").first
        label.scroll_into_view_if_needed()
        label.locator("a.n").last.click()
        expect(page.get_by_role("dialog").filter(has_text="Pointer")).to_be_visible()
        expect(page.locator("dialog.enlarged")).to_be_hidden()
        page.keyboard.press("Escape")
        page.locator("#figure-patches_0 .tile img").nth(1).click(force=True, position={"x": 5, "y": 5})
        expect(page.locator("dialog.enlarged")).to_be_visible()
