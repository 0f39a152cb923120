"""A real browser, and reports for it to open from disk."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from debian import debian_packages
from galleries import EDITORS, JUDGES, RUN, add_physics, add_strangers, add_trouble
from playwright.sync_api import Browser, ConsoleMessage, Page, Route, sync_playwright
from results_by_hand import ResultsByHand, edit, item, planned_run, score

NOT_A_FILE = re.compile(r"^(?!file:|data:|blob:)")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    debian_packages("chromium")
    with sync_playwright() as playwright:
        # Chromium's sandbox does not run as root, as which CI does.
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield chromium
        chromium.close()


class Watched:
    """A page, and all that must not happen on it: requests that leave the folder, errors, dialogs."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.outside: list[str] = []
        self.errors: list[str] = []
        self.read: list[str] = []
        page.context.route(NOT_A_FILE, self._refuse)
        page.context.on("request", lambda request: self.read.append(request.url))
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("dialog", lambda dialog: (self.errors.append(f"dialog {dialog.message}"), dialog.dismiss()))

    def _refuse(self, route: Route) -> None:
        self.outside.append(route.request.url)
        route.abort()

    def _note(self, message: ConsoleMessage) -> None:
        if message.type == "error" and "ERR_FILE_NOT_FOUND" not in message.text:
            self.errors.append(message.text)


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(20_000)
    watched = Watched(context.new_page())
    yield watched
    assert watched.outside == []
    assert watched.errors == []
    assert watched.page.evaluate("window.broken") is None
    context.close()


@pytest.fixture
def page(watched: Watched) -> Page:
    return watched.page


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a report with pictures, failures and strangers' texts, within its results."""
    hand = ResultsByHand(
        tmp_path_factory.mktemp("browser") / "results" / "bench", tuple(EDITORS), tuple(JUDGES)
    )
    add_physics(hand)
    add_trouble(hand)
    add_strangers(hand)
    return hand.build(RUN, notices=("A notice.",))


@pytest.fixture
def alone(report: Path, tmp_path: Path) -> Path:
    """The same report's folder, sent without the results around it."""
    return shutil.copytree(report, tmp_path / "sent")


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a report of 10,000 items, without pictures."""
    editors = ("alpha", "beta")
    hand = ResultsByHand(tmp_path_factory.mktemp("large") / "results" / "bench", editors, ("vl",))
    for number in range(4):
        category = f"category {number}"
        names = [f"{number}-{place:04}" for place in range(2500)]
        items = [item(n, category, instruction=f"change {n} into something else") for n in names]
        edits = {editor: [edit(n, change=0.1) for n in names] for editor in editors}
        scores = {
            ("vl", editor): [score(n, (place * 7 + offset) % 1000 / 100) for place, n in enumerate(names)]
            for offset, editor in enumerate(editors)
        }
        hand.add(category, items, edits, scores)
    return hand.build(planned_run({editor: EDITORS[editor] for editor in editors}))
