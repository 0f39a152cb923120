"""What a hundred thousand items cost: time and memory of every stage at three sizes, with simulated devices.

Several minutes of it are the largest size, so each stage is told as soon as it is over.

The models take no time, so that what is measured is the pipeline: its processes, files, records and pages.
"""

import shutil
import sys
import time
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

from tools.bench.experiment import Experiment

CATEGORIES = 20
SIZES = {"1k": 1_000, "10k": 10_000, "100k": 100_000}
JUDGE_BATCH = 100
Figures = list[tuple[str, float, str]]

# Stage → the processes that do it, and what it is. The first of two dry runs also reads the source.
STAGES: Mapping[str, tuple[tuple[str, ...], str]] = {
    "index": (("snakemake",), "reading the source once, and a dry run"),
    "dryrun": (("snakemake",), "a dry run of the whole"),
    "prepare": (("prepare_category",), "all items"),
    "edit": (("edit_category", "gather_edits", "serve_pool"), "all edits"),
    "score": (("score_category", "gather_scores", "serve_pool"), "all scores"),
    "report": (("build_report",), "tables, page and gallery"),
    "noop": (("snakemake",), "the whole again, nothing to do"),
}
# Page → its file, and what it shows once it is open.
PAGES = {"report": ("index.html", "body"), "gallery": ("gallery.html", "body[data-ready]")}


def measure_scale(folder: Path) -> Figures:
    """Run the stages of each size one after the other.

    Returns:
        For each size and each of `STAGES` ``{stage}_{size}_s`` and ``{stage}_{size}_mb``, the peak memory of
        its largest process; ``snakemake_{size}_mb``, Snakemake's in all of them. For each size but the
        first ``{stage}_growth_{size}``: how many times longer the stage takes than at the size before, which
        has a tenth of the items; up to 10 is linear or better. Where there is a Chromium,
        ``{page}_opens_{size}_s`` for each of `PAGES`.
    """
    figures: Figures = []
    for size, count in SIZES.items():
        figures += _measure(folder / size, size, count)
        shutil.rmtree(folder / size)
    return figures + _growth({name: value for name, value, _ in figures})


def _growth(seconds: Mapping[str, float]) -> Figures:
    return [
        (
            f"{stage}_growth_{large}",
            seconds[f"{stage}_{large}_s"] / seconds[f"{stage}_{small}_s"],
            f"time at {SIZES[large]:,} ÷ time at {SIZES[small]:,} items; up to 10 is linear or better",
        )
        for small, large in pairwise(SIZES)
        for stage in STAGES
    ]


def _measure(folder: Path, size: str, count: int) -> Figures:
    names = [f"c{number:02}" for number in range(CATEGORIES)]
    experiment = Experiment(folder, dict.fromkeys(names, count // CATEGORIES))
    experiment.configure(
        editor={"load_seconds": 0.0, "seconds": 0.0},
        judge={"load_seconds": 0.0, "seconds_by_batch": {"1": 0.0}},
        judge_batch=JUDGE_BATCH,
    )
    results = "results/bench"
    arguments = {
        "index": ["--dry-run", "--quiet", "all"],
        "dryrun": ["--dry-run", "--quiet", "all"],
        "prepare": [f"{results}/items/{name}/items.jsonl" for name in names],
        "edit": [experiment.edits(name) for name in names],
        "score": [f"{results}/scores/simulated/simulated/{name}/scores.jsonl" for name in names],
        "report": [f"{results}/report/index.html"],
        "noop": ["all"],
    }
    figures: Figures = []
    driver = 0.0
    for stage, (scripts, what) in STAGES.items():
        took, peaks = experiment.watched(*arguments[stage])
        print(f"scale: {count:,} items, {stage}: {took:.1f} s", file=sys.stderr, flush=True)
        driver = max(driver, peaks["snakemake"])
        how = f"{count:,} items, simulated: {what}"
        figures.append((f"{stage}_{size}_s", took, f"{how}, Snakemake included"))
        largest = max(peaks.get(script, 0.0) for script in scripts)
        figures.append((f"{stage}_{size}_mb", largest, f"{how}, peak RSS of its largest process"))
    for name, took in _openings(folder / results / "report").items():
        figures.append((f"{name}_opens_{size}_s", took, f"{count:,} items: {PAGES[name][0]} in Chromium"))
    return [*figures, (f"snakemake_{size}_mb", driver, f"{count:,} items, simulated: Snakemake's peak RSS")]


def _openings(report: Path) -> dict[str, float]:
    """Seconds until each of `PAGES` shows what it holds, opened from disk in a browser that is running."""
    chromium = shutil.which("chromium")
    if chromium is None:
        print("scale: no chromium, so pages are not opened", file=sys.stderr, flush=True)
        return {}
    from playwright.sync_api import sync_playwright

    seconds = {}
    with sync_playwright() as playwright:
        # Its sandbox does not run as root.
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, (file, shown) in PAGES.items():
            page = browser.new_page()
            start = time.monotonic()
            page.goto((report / file).as_uri())
            page.wait_for_selector(shown)
            seconds[name] = time.monotonic() - start
            page.close()
        browser.close()
    return seconds
