"""The report's link to the comparison of speeds, as a browser shows it from disk."""

import shutil
import time

import pytest
from playwright.sync_api import expect
from results_by_hand import ResultsByHand
from speed_by_hand import serial, two_devices_a_run

from snakedit.speed.comparison.compare import compare
from snakedit.speed.comparison.pages import write_comparison
from snakedit.telemetry.trace import Span, Trace, TracedJob


@pytest.fixture
def timed(tmp_path):
    """The folder of a report that tells of speed."""
    hand = ResultsByHand(tmp_path / "results" / "bench")
    hand.add_scored("light", tiny=[1, 2], blank=[0, 0])
    with Trace(hand.root / "telemetry", TracedJob("edit_category", "tiny", "light")) as trace:
        trace.add(Span("cpu:0", "edit", time.time(), 1.0, "light-0", parts=("cpu:0",)))
    return hand.build()


def test_the_report_links_to_the_comparison_while_there_is_one_and_the_comparison_links_back(
    page, timed, tmp_path
):
    link = page.get_by_role("link", name="Before and after")
    page.goto(f"file://{timed}/index.html#speed")
    expect(page.locator("#speed-name")).to_be_visible()
    expect(link).to_have_count(0)

    run = two_devices_a_run()
    comparison = compare("bench", [serial()], [], [run], ["c"])
    write_comparison(comparison, [run], run.jobs, timed.parent / "speed" / "index.html")
    page.reload()
    link.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Speed, before and after")
    page.get_by_role("link", name="Report", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("bench")

    sent = shutil.copytree(timed, tmp_path / "sent")
    page.goto(f"file://{sent}/index.html#speed")
    expect(page.locator("#speed-name")).to_be_visible()
    expect(link).to_have_count(0)
