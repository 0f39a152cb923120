"""Time and memory of every stage at 1,000, 10,000 and 100,000 items, with simulated devices.

The models take no time, so that only the pipeline is measured: its processes, files, records and pages. The
largest size takes several minutes, so each stage's time is printed when it ends.
"""

import shutil
import sys
import time
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

from tools.bench.experiment import Experiment
from tools.bench.measurement import Measurement

CATEGORY_COUNT = 20
SIZES = {"1k": 1_000, "10k": 10_000, "100k": 100_000}
JUDGE_BATCH = 100

# Stage → its processes, and its description. The first of the two dry runs also reads the source.
MEASURED_STAGES: Mapping[str, tuple[tuple[str, ...], str]] = {
    "index": (("snakemake",), "reading the source once, and a dry run"),
    "dryrun": (("snakemake",), "a dry run of the whole"),
    "prepare": (("prepare_category",), "all items"),
    "edit": (("edit_category", "gather_edits", "serve_pool"), "all edits"),
    "score": (("score_category", "gather_scores", "serve_pool"), "all scores"),
    "report": (("build_report",), "tables, page and gallery"),
    "noop": (("snakemake",), "the whole again, nothing to do"),
}
# Page → its file, and the selector of an element that it shows once it is open.
OPENED_PAGES = {"report": ("index.html", "body"), "gallery": ("gallery.html", "body[data-ready]")}


def measure_scale(folder: Path) -> list[Measurement]:
    """Run the stages of each size one after the other.

    Returns:
        For each size and each of `MEASURED_STAGES` ``{stage}_{size}_s`` and ``{stage}_{size}_mb``, the peak
        memory of its largest process; ``snakemake_{size}_mb``, Snakemake's peak over all stages. For each
        size but the first ``{stage}_growth_{size}``: the stage's time divided by its time at the size before,
        which has a tenth of the items; up to 10 is linear or better. With Chromium installed,
        ``{page}_opens_{size}_s`` for each of `OPENED_PAGES`.
    """
    measurements: list[Measurement] = []
    for size, count in SIZES.items():
        measurements += _measure_size(folder / size, size, count)
        shutil.rmtree(folder / size)
    return measurements + _growth({name: value for name, value, _ in measurements})


def _growth(seconds: Mapping[str, float]) -> list[Measurement]:
    return [
        Measurement(
            f"{stage}_growth_{large}",
            seconds[f"{stage}_{large}_s"] / seconds[f"{stage}_{small}_s"],
            f"time at {SIZES[large]:,} ÷ time at {SIZES[small]:,} items; up to 10 is linear or better",
        )
        for small, large in pairwise(SIZES)
        for stage in MEASURED_STAGES
    ]


def _measure_size(folder: Path, size: str, count: int) -> list[Measurement]:
    names = [f"c{number:02}" for number in range(CATEGORY_COUNT)]
    experiment = Experiment(folder, dict.fromkeys(names, count // CATEGORY_COUNT))
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
    measurements: list[Measurement] = []
    snakemake_peak = 0.0
    for stage, (scripts, description) in MEASURED_STAGES.items():
        seconds, peaks = experiment.watched(*arguments[stage])
        print(f"scale: {count:,} items, {stage}: {seconds:.1f} s", file=sys.stderr, flush=True)
        snakemake_peak = max(snakemake_peak, peaks["snakemake"])
        how = f"{count:,} items, simulated: {description}"
        largest = max(peaks.get(script, 0.0) for script in scripts)
        measurements += [
            Measurement(f"{stage}_{size}_s", seconds, f"{how}, Snakemake included"),
            Measurement(f"{stage}_{size}_mb", largest, f"{how}, peak RSS of its largest process"),
        ]
    for name, seconds in _opening_times(folder / results / "report").items():
        how = f"{count:,} items: {OPENED_PAGES[name][0]} in Chromium"
        measurements.append(Measurement(f"{name}_opens_{size}_s", seconds, how))
    how = f"{count:,} items, simulated: Snakemake's peak RSS"
    return [*measurements, Measurement(f"snakemake_{size}_mb", snakemake_peak, how)]


def _opening_times(report: Path) -> dict[str, float]:
    """Return the seconds that each of `OPENED_PAGES` takes to open from disk in a running browser."""
    chromium = shutil.which("chromium")
    if chromium is None:
        print("scale: Chromium is not installed, so pages are not opened", file=sys.stderr, flush=True)
        return {}
    from playwright.sync_api import sync_playwright

    seconds = {}
    with sync_playwright() as playwright:
        # Chromium's sandbox does not start as root.
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, (file, selector) in OPENED_PAGES.items():
            page = browser.new_page()
            start = time.monotonic()
            page.goto((report / file).as_uri())
            page.wait_for_selector(selector)
            seconds[name] = time.monotonic() - start
            page.close()
        browser.close()
    return seconds
