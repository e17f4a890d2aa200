"""Pages in headless Chromium: every example's page is opened, stepped through and clicked.

`python -m pytest -m browser tests/trace`, with Debian's chromium and the extra `browser`. With
EZLANG_PICTURES=FOLDER, pictures of all pages are written there.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ezlang import api
from tests.trace.traces import EXAMPLES, program_of

pytestmark = pytest.mark.browser

Page = Any
DESKTOP, PHONE = (1280, 800), (390, 844)


DEALT = ("millionaires dealt", "linear-predictor dealt", "decision-forest dealt")
QUICK = ("millionaires", "average-salary", "median")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    found = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module", params=[*EXAMPLES, *DEALT])
def page_file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    name, _, dealer = request.param.partition(" ")
    program, inputs = program_of(name)
    runs = 20 if name in QUICK else 0
    trace = api.trace(program, inputs, seed=1, reruns=runs, dealer=bool(dealer))
    path = tmp_path_factory.mktemp("pages") / f"{request.param}.html"
    path.write_text(trace.page(), encoding="utf-8")
    return path


@contextmanager
def opened(
    browser: Any, path: Path, size: tuple[int, int] = DESKTOP, scheme: str = "light"
) -> Iterator[Page]:
    """Open a page; afterwards, it must not have complained or asked for anything."""
    width, height = size
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: said.append(request.url) if ":" in request.url else None)
    page.goto(path.as_uri())
    page.wait_for_selector("body[data-ready]", state="attached")
    yield page
    assert [one for one in said if not one.startswith(("file:", "data:"))] == []
    page.close()


def at(page: Page) -> int:
    return int(page.evaluate("document.body.dataset.step"))


def test_it_is_stepped_through_to_the_end(browser: Any, page_file: Path) -> None:
    with opened(browser, page_file) as page:
        seen = [at(page)]
        for _ in range(60):
            page.keyboard.press("ArrowRight")
            if at(page) == seen[-1]:
                break
            seen.append(at(page))
            assert page.locator("#banner h2").inner_text()
            assert page.locator("#banner .explained, #banner .note").count() > 0
        assert seen == sorted(set(seen))
        page.keyboard.press("End")
        last = at(page)
        assert page.locator("#stage").inner_text().lower().count("outputs of the run") == 1
        page.keyboard.press("Home")
        assert at(page) == 0 < last
        assert page.locator("#live").inner_text().startswith("Step 0")


def test_a_view_hides_what_the_party_does_not_know(browser: Any, page_file: Path) -> None:
    with opened(browser, page_file) as page:
        names = page.evaluate("JSON.parse(document.getElementById('trace').textContent).parties")
        page.keyboard.press("ArrowRight")
        first = page.locator("#stage .group .cell").first.inner_text()
        for number, name in enumerate(names):
            page.get_by_label(f"View as {name}", exact=True).click()
            hidden = page.locator("#stage .head.unknown").count()
            assert hidden == page.locator("#stage .head").count() - 1
            shown = page.locator("#stage .group").first.locator(".clear").inner_text()
            cell = page.locator("#stage .group .cell").first.inner_text()
            owner = page.locator("#stage .who").first.inner_text()
            if owner == f"known to {names[0]}":
                assert (shown == "?") == (number != 0)
                assert (cell == first) == (number == 0) or first == "nothing"
            text = page.locator("#stage .cell.unknown code").all_inner_texts()
            assert set(text) <= {"?"}
        page.get_by_label("See everything").click()
        assert page.locator("#stage .unknown").count() == 0


def test_values_messages_and_parts_open(browser: Any, page_file: Path) -> None:
    with opened(browser, page_file) as page:
        data = page.evaluate("JSON.parse(document.getElementById('trace').textContent)")
        parted = {one["step"] for name in ("units", "gates", "parts") for one in data[name]}
        if data["dealer"]:
            parted = {0, *(one["step"] for name in ("gates", "parts") for one in data[name])}
        for _ in range(12):
            page.keyboard.press("ArrowRight")
            if page.locator("#stage button.value").count():
                page.locator("#stage button.value").last.click()
                assert page.locator("#details h2").count() == 1
                assert "Goes to" in page.locator("#details").inner_text()
            if page.locator("#stage .arrow").count():
                page.locator("#stage .arrow").first.press("Enter")
                assert "→" in page.locator("#details h2").inner_text()
            parts = page.locator("#parts summary").all()
            assert (at(page) in parted) == bool(parts)
            for part in parts:
                part.click()
        page.locator("#reruns summary").click()
        page.locator("#all summary").click()
        page.wait_for_selector("#all .group")


CONVERTED = """party alice, bob;
fn main() {
    secret int32 x = input(alice, "x");
    secret int32 y = input(bob, "y");
    #[protocol(boolean)] secret int32 both = x & y;
    #[protocol(arithmetic)] secret int32 product = both * (x + y);
    output(all, product, "product");
}
"""


@pytest.mark.parametrize("dealer", [False, True], ids=["made", "dealt"])
def test_a_conversion_and_an_and_open(browser: Any, tmp_path: Path, dealer: bool) -> None:
    program = api.checked(api.check_text(CONVERTED))
    inputs = {"alice": {"x": 13}, "bob": {"y": 7}}
    trace = api.trace(program, inputs, seed=1, dealer=dealer, reruns=0)
    path = tmp_path / "converted.html"
    path.write_text(trace.page(), encoding="utf-8")
    conversion = "a bit to a number, opened" if dealer else "the bits of a number by OTs"
    wanted = {"an AND", conversion, "a product by a triple" if dealer else "a product by OTs"}
    with opened(browser, path) as page:
        seen = set()
        for _ in range(len(trace.data["steps"])):
            for box in page.locator("#parts details.protocol").all():
                what = box.get_attribute("data-what")
                seen.add(what)
                box.locator("summary").click()
                assert box.locator("cite").count() > 0
                assert "?" not in box.locator("table").inner_text()
                rules = box.locator(".rules li code").all_inner_texts()
                if what == "an AND":
                    assert_ands_open(box)
                if what == conversion:
                    assert "of" in box.locator(".note").inner_text() if dealer else len(rules) == 4
            page.keyboard.press("ArrowRight")
        assert wanted <= seen
        hides_what_others_have(page)


def assert_ands_open(box: Any) -> None:
    """13 & 7 from the lowest bit on: 1·1, 0·1, 1·1, 1·0."""
    for number, (x, y) in enumerate([(1, 1), (0, 1), (1, 1), (1, 0)]):
        box.get_by_role("button", name=f"AND {number + 1}", exact=True).click()
        assert box.locator("button[aria-pressed=true]").inner_text() == f"AND {number + 1}"
        rules = box.locator(".rules li code").all_inner_texts()
        assert rules[-1] == f"{x & y} = {x}·{y}"
    assert box.locator(".note").inner_text().startswith("The first 4 of 32")


def hides_what_others_have(page: Page) -> None:
    """At the AND's step, Bob sees his column and what is opened, and a dealer only its triple."""
    page.keyboard.press("Home")
    while not page.locator('[data-what="an AND"]').count():
        page.keyboard.press("ArrowRight")
    page.locator('[data-what="an AND"] summary').click()
    names = [one.inner_text() for one in page.locator("#stage .head strong").all()]
    for name in names[1:]:
        page.get_by_label(f"View as {name}", exact=True).click()
        box = page.locator('[data-what="an AND"][open]')
        shown = {}
        for row in box.locator("tbody tr").all():
            cells = [one.inner_text() for one in row.locator("td").all()]
            shown[row.locator("th").inner_text()[0]] = [cell != "?" for cell in cells]
        if name == "bob":
            secret, opened_bit = [False, True, False], [True, True, True]
            assert shown == {one: opened_bit if one in "de" else secret for one in "xyabcdez"}
        else:
            known, unknown = [True, True, True], [False, False, False]
            opened_bit = [False, False, True]  # nothing stands below "together"
            assert shown == {
                one: known if one in "abc" else opened_bit if one in "de" else unknown
                for one in "xyabcdez"
            }


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_it_fits_the_screen(
    browser: Any, page_file: Path, size: tuple[int, int], scheme: str
) -> None:
    with opened(browser, page_file, size, scheme) as page:
        for _ in range(6):
            page.keyboard.press("ArrowRight")
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        ink, paper = (
            page.evaluate(f"getComputedStyle(document.body).{name}")
            for name in ("color", "backgroundColor")
        )
        light, dark = brightness(paper), brightness(ink)
        assert (light > dark) == (scheme == "light")
        folder = os.environ.get("EZLANG_PICTURES")
        if folder:
            name = f"{page_file.stem}-{size[0]}-{scheme}.png"
            page.screenshot(path=str(Path(folder) / name), full_page=True)


def brightness(color: str) -> int:
    return sum(int(number) for number in re.findall(r"\d+", color)[:3])
