"""Pictures of a running dashboard: python -m tests.e2e.screenshots [ADDRESS] [FOLDER]

Takes the whole page at 1440 and 390 px, light and dark. The address is that of `make run` by default.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Error, sync_playwright

from tests.e2e.chromium import LAUNCH, NO_CHROMIUM, find_chromium

PAGES = {"risk": "", "holdings": "holdings", "funds": "funds", "everything": "combined", "api": "api"}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def take(browser: Browser, address: str, folder: Path, width: int, scheme: Literal["light", "dark"]) -> None:
    """One picture of every page; scrolls first, because charts draw when they come into view."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    for name, path in PAGES.items():
        page.goto(f"{address.rstrip('/')}/{path}")
        page.wait_for_load_state("networkidle")
        for top in range(0, int(page.evaluate("document.body.scrollHeight")), 600):
            page.evaluate(f"window.scrollTo(0, {top})")
            page.wait_for_timeout(100)
        page.wait_for_timeout(700)
        page.evaluate("window.scrollTo(0, 0)")
        page.screenshot(path=folder / f"{name}-{width}-{scheme}.png", full_page=True)
    page.close()


def main(address: str = "http://127.0.0.1:5000", folder: str = "screenshots") -> int:
    program = find_chromium()
    if not program:
        sys.stderr.write(f"{NO_CHROMIUM}\n")
        return 1
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=LAUNCH)
        try:
            for width in (1440, 390):
                for scheme in SCHEMES:
                    take(browser, address, target, width, scheme)
        except Error as error:
            sys.stderr.write(
                f"{error.message.splitlines()[0]}\nIs the dashboard running there? Start it with: make run\n"
            )
            return 1
        finally:
            browser.close()
    sys.stderr.write(f"Pictures are in {target}/\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
