"""What a user reads of a run: snakedit's own lines, and in the end what failed or where the report is."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from experiments import Experiment, rows


@pytest.fixture
def quiet(experiment: Experiment) -> Experiment:
    """The small experiment, run with the profile as users have it."""
    experiment.shows_jobs = False
    return experiment


def lines_of(output: str) -> list[str]:
    return [line for line in output.splitlines() if not line.startswith("Using profiles")]


@pytest.mark.slow
def test_a_run_of_the_demos_size_prints_fewer_than_sixty_lines_all_of_them_snakedits(
    quiet: Experiment,
) -> None:
    """Five editors in five categories and a judge, as in the demo."""
    source = {f"c{number}": rows(f"c{number}", 1, start=number) for number in range(5)}
    (quiet.folder / "small.json").write_text(json.dumps(source), encoding="utf-8")

    def grow(config: dict[str, Any]) -> None:
        for seed in range(4):
            config["editors"][f"sim{seed}"] = {"type": "simulated", "params": {"seed": seed}}
        del config["editors"]["sim"]

    quiet.configure(grow)
    run = quiet.run()
    assert run.code == 0, run.output
    assert len(list(quiet.results.glob("logs/*/**/*.log"))) == 5 + 25 + 25 + 1
    lines = lines_of(run.output)
    assert [line for line in lines if not line.startswith("snakedit: ")] == []
    assert len(lines) < 60
    assert lines[-1] == "snakedit: finished; the report: results/small/report/index.html"
    log = (quiet.results / "logs" / "edit_category" / "sim0" / "c0.log").read_text(encoding="utf-8")
    assert "1 items, 0 done before, 1 to edit" in log
    assert "1/1 done, 0 failed" in log
    (whole,) = (quiet.folder / ".snakemake" / "log").glob("*.log")
    assert "rule edit_category:" in whole.read_text(encoding="utf-8")
    # After each of these the forecast may be told.
    assert "Finished jobid: " in whole.read_text(encoding="utf-8")


def test_a_run_that_fails_ends_with_what_why_where_and_what_next(quiet: Experiment) -> None:
    quiet.configure(
        lambda config: config["editors"].update(broken={"type": "files", "params": {"folder": "empty"}})
    )
    (quiet.folder / "empty").mkdir()
    quiet.configure(lambda config: config["run"].update(max_failures=0))
    assert "edit_category" in quiet.run("--dry-run").rules()
    run = quiet.run()
    assert run.code != 0
    lines = lines_of(run.output)
    assert [line for line in lines if not line.startswith("snakedit: ")] == []
    start = lines.index("snakedit: 2 jobs failed; the first cause first:")
    first, second, on, preview = lines[start + 1 :]
    for line in (first, second):
        assert line.startswith("snakedit:   edit_category broken/")
        assert "no edited image for the item" in line
        log = line.rpartition("(log: ")[2].removesuffix(")")
        assert "no edited image" in (quiet.folder / log).read_text(encoding="utf-8")
    assert "go on with: snakemake --cores 2 " in on
    assert "preview_report.py --config" in preview


def test_touched_records_of_more_than_a_megabyte_run_nothing(experiment: Experiment) -> None:
    def lengthen(path: Path) -> None:
        source = json.loads(path.read_text(encoding="utf-8"))
        for row in source["light"]:
            row["edit_instruction"] += " please" * 60_000
        path.write_text(json.dumps(source), encoding="utf-8")

    lengthen(experiment.folder / "small.json")
    experiment.configure(lambda config: config["editors"].pop("sim"))
    assert experiment.run().code == 0
    items = experiment.results / "items" / "light" / "items.jsonl"
    assert items.stat().st_size > 1_000_000
    os.utime(items)
    assert experiment.run("--dry-run").jobs == []
