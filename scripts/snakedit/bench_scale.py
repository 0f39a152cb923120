"""What a hundred thousand items cost: time and memory of every stage at three sizes, with simulated devices.

The models take no time, so that what is measured is the pipeline: its processes, files, records and pages.
"""

import shutil
from pathlib import Path

from snakedit.bench_experiment import Experiment

CATEGORIES = 20
SIZES = {"1k": 1_000, "10k": 10_000, "100k": 100_000}
JUDGE_BATCH = 100
Figures = list[tuple[str, float, str]]

# Stage → what it makes of a category, and what it needs; the names of the scripts that do it.
SCRIPTS = {
    "prepare": ("prepare_category",),
    "edit": ("edit_category", "gather_edits"),
    "score": ("score_category", "gather_scores"),
    "report": ("build_report",),
}


def measure_scale(folder: Path) -> Figures:
    """Run the stages of each size one after the other.

    Returns:
        For each size: ``dryrun_…_s`` of the whole run, before anything but the index is made; for each of the
        `SCRIPTS` ``{stage}_…_s`` and ``{stage}_…_mb``, the largest of its processes; ``noop_…_s`` at the end;
        ``snakemake_…_mb``. Then ``{stage}_growth``: how many times longer a stage takes for ten times the
        items, from 10,000 to 100,000; up to 10 is linear.
    """
    figures: Figures = []
    seconds = {}
    for size, count in SIZES.items():
        measured = _measure(folder / size, size, count)
        seconds[size] = {name: value for name, value, _ in measured}
        figures += measured
        shutil.rmtree(folder / size)
    for stage in SCRIPTS:
        growth = seconds["100k"][f"{stage}_100k_s"] / seconds["10k"][f"{stage}_10k_s"]
        figures.append((f"{stage}_growth", growth, "time at 100,000 ÷ time at 10,000 items; linear is 10"))
    return figures


def _measure(folder: Path, size: str, count: int) -> Figures:
    names = [f"c{number:02}" for number in range(CATEGORIES)]
    experiment = Experiment(folder, dict.fromkeys(names, count // CATEGORIES))
    experiment.configure(
        editor={"load_seconds": 0.0, "seconds": 0.0},
        judge={"load_seconds": 0.0, "seconds_by_batch": {"1": 0.0}},
        judge_batch=JUDGE_BATCH,
    )
    how = f"{count:,} items, simulated"
    index, peaks = experiment.watched("--dry-run", "--quiet", "all")
    driver = peaks["snakemake"]
    dry, _ = experiment.watched("--dry-run", "--quiet", "all")
    figures = [
        (f"index_{size}_s", index - dry, f"{how}: reading the source once"),
        (f"dryrun_{size}_s", dry, f"{how}: dry run of the whole"),
    ]
    results = "results/bench"
    targets = {
        "prepare": [f"{results}/items/{name}/items.jsonl" for name in names],
        "edit": [experiment.edits(name) for name in names],
        "score": [f"{results}/scores/simulated/simulated/{name}/scores.jsonl" for name in names],
        "report": [f"{results}/report/index.html"],
    }
    for stage, scripts in SCRIPTS.items():
        took, peaks = experiment.watched(*targets[stage])
        driver = max(driver, peaks["snakemake"])
        memory = max(peaks.get(script, 0.0) for script in scripts)
        figures.append((f"{stage}_{size}_s", took, f"{how}: all of the stage, Snakemake included"))
        figures.append((f"{stage}_{size}_mb", memory, f"{how}: peak RSS of the stage's largest job"))
    noop, peaks = experiment.watched()
    figures.append((f"noop_{size}_s", noop, f"{how}: the whole again, nothing to do"))
    figures.append((f"snakemake_{size}_mb", max(driver, peaks["snakemake"]), f"{how}: Snakemake's peak RSS"))
    return figures
