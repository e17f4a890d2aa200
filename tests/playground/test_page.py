"""The page in headless Chromium: `python -m pytest -m browser tests/playground`.

With EZLANG_PICTURES=FOLDER, pictures are written there.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.playground.conftest import Server

pytestmark = pytest.mark.browser

Page = Any
PROGRAM = """\
party alice, bob;

fn main() {
    secret int32 a = input(alice, "wealth");
    secret int32 b = input(bob, "wealth");
    output(all, a > c, "alice is richer");
}
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    found = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@contextmanager
def opened(browser: Any, url: str, scheme: str = "light", width: int = 1280) -> Iterator[Page]:
    """Open a page; afterwards, it must not have complained or asked for anything elsewhere."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: said.append(request.url))
    page.goto(url)
    page.wait_for_selector("body[data-state=checked]")
    yield page
    assert [one for one in said if not one.startswith(("http://127.0.0.1:", "data:"))] == []
    page.close()


def picture(page: Page, name: str) -> None:
    folder = os.environ.get("EZLANG_PICTURES")
    if folder:
        page.screenshot(path=Path(folder) / f"playground-{name}.png", full_page=True)


def written(page: Page, text: str) -> None:
    page.locator("#text").fill(text)
    page.wait_for_selector("body[data-state=checked]")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_program_is_written_mended_run_and_traced(
    browser: Any, server: Server, scheme: str
) -> None:
    with opened(browser, server.url, scheme) as page:
        written(page, PROGRAM)
        problem = page.locator("#problems li").first
        assert "line 6" in problem.inner_text()
        assert page.locator("#marks .wrong").all_inner_texts() == ["c"]
        assert "secret" in page.locator("#colors .label").all_inner_texts()
        picture(page, f"error-{scheme}")
        problem.locator("button").click()
        page.keyboard.press("Delete")
        page.keyboard.type("b")
        page.wait_for_selector("body[data-state=checked]")
        assert page.locator("#problems li").count() == 0
        page.get_by_label("alice's inputs").fill('{"wealth": 7}')
        page.get_by_label("bob's inputs").fill('{"wealth": 9}')
        page.get_by_role("button", name="Run simulated").click()
        page.wait_for_selector("body[data-done=run]")
        outputs = page.locator(".party dd").all_inner_texts()
        assert outputs == ["false", "false"]
        page.get_by_role("button", name="Trace").click()
        frame = page.frame_locator("#frame")
        frame.locator("body[data-ready]").wait_for(state="attached")
        assert frame.locator("body").get_attribute("data-step") == "0"
        frame.get_by_role("button", name="Step (→)", exact=True).click()
        frame.locator("body[data-step='1']").wait_for(state="attached")
        frame.locator("#banner").click()
        page.keyboard.press("End")
        frame.get_by_text("Outputs of the run").first.wait_for()
        picture(page, f"trace-{scheme}")


def test_examples_and_links(browser: Any, server: Server) -> None:
    with opened(browser, server.url) as page:
        assert page.locator("#examples").input_value() == "millionaires"
        page.locator("#examples").select_option("aes-128")
        page.wait_for_selector("body[data-state=checked]")
        assert page.locator("#tabs button").all_inner_texts() == ["main.ez", "aes.ez"]
        assert page.locator(".party h2").all_inner_texts() == ["keeper", "sender"]
        page.get_by_role("button", name="aes.ez").click()
        assert "fn" in page.locator("#colors .word").all_inner_texts()
        page.get_by_role("button", name="main.ez").click()
        commented = page.locator("#text").input_value() + "// naïve 🙂\n"
        written(page, commented)
        page.get_by_role("button", name="Copy link").click()
        page.wait_for_function("location.hash.length > 1")
        link = page.evaluate("location.href")
    with opened(browser, link) as page:
        assert page.locator("#text").input_value() == commented
        assert "block" in page.get_by_label("sender's inputs").input_value()
        for command in ("Check", "Leaks", "Cost"):
            page.get_by_role("button", name=command).click()
            page.wait_for_selector(f"body[data-done={command.lower()}]")
            assert page.locator("#out").inner_text()
        picture(page, "cost")


def test_a_narrow_window(browser: Any, server: Server) -> None:
    with opened(browser, server.url, width=390) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        picture(page, "narrow")
