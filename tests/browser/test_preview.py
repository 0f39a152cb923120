"""The page while a run goes on, and a report that is out of date, as a browser shows them from disk."""

import pytest
from experiments import GatedExperiment, write_small_experiment
from playwright.sync_api import expect

from snakedit.stages.stale import mark_stale

ITEMS = [f"物理-{number}" for number in range(4)] + [f"light-{number}" for number in range(3)]


@pytest.mark.slow
def test_the_page_is_there_while_the_run_goes_on_and_reloads_itself_if_asked(page, tmp_path):
    experiment = GatedExperiment(write_small_experiment(tmp_path))
    running = experiment.start()
    try:
        experiment.let_through("物理-0", "light-0", "light-1")
        preview = experiment.preview()
        assert running.poll() is None
        assert not (experiment.results / "report").exists()
        page.goto(f"file://{preview}")
        notices = page.get_by_label("Before you read the scores")
        expect(notices).to_contain_text("Partial report")
        expect(notices).to_contain_text("4 of 7 edits by 'gated'")
        expect(page).to_have_title("Partial: small – report")
        box = page.get_by_label("Reload this page")
        expect(box).not_to_be_checked()
        box.check()

        experiment.let_through("物理-1")
        experiment.preview()
        assert running.poll() is None
        expect(notices).to_contain_text("3 of 7 edits by 'gated'")
        expect(box).to_be_checked()

        experiment.let_through(*ITEMS)
        assert running.wait() == 0, (tmp_path / "run.log").read_text(encoding="utf-8")
        experiment.preview()
        expect(notices).to_contain_text("No record is missing")
        box.uncheck()
        page.goto(f"file://{experiment.results}/report/index.html")
        expect(page.get_by_text("Partial")).to_have_count(0)
        assert experiment.run("--dry-run").jobs == [], "a preview touches nothing that Snakemake looks at"
    finally:
        running.kill()
        running.wait()


def test_a_report_says_when_results_have_changed_since(page, report):
    stale = page.get_by_text("Results have changed since this report was built")
    for name in ("index.html", "gallery.html"):
        page.goto(f"file://{report}/{name}")
        expect(page.get_by_role("link", name="Gallery")).to_be_visible()
        expect(stale).to_be_hidden()
    before = (report / "state.js").read_text()
    try:
        mark_stale(report.parent)
        for name in ("index.html", "gallery.html"):
            page.goto(f"file://{report}/{name}")
            expect(stale).to_be_visible()
    finally:
        (report / "state.js").write_text(before)
