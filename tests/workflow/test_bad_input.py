"""What a user gets wrong ends in one clear line, exit code not 0, and nothing finished is lost."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from experiments import Experiment, Run, rows


def assert_one_error(run: Run, *parts: str) -> None:
    """The run ended with exactly one error of ours, which holds all parts, and without a traceback.

    A job's error is in the output twice, from the job itself and from its log; it counts once.
    """
    assert run.code != 0, run.output
    assert "Traceback" not in run.output, run.output
    errors = set(re.findall(r"^(?:snakedit:|\S+ \S+ ERROR) (\w+Error: .*)$", run.output, re.MULTILINE))
    assert len(errors) == 1, run.output
    (error,) = errors
    assert [part for part in parts if part not in error] == []


def _unknown_key(config: dict[str, Any]) -> None:
    config["editors"]["sim"]["modle"] = "x"


def _missing_source(config: dict[str, Any]) -> None:
    config["benchmarks"]["small"]["path"] = "nowhere.json"


def _no_gpu(config: dict[str, Any]) -> None:
    config["run"]["devices"] = {"kind": "cuda"}


# tests/unit/workflow/test_plan.py has the many mistakes; these show that Snakemake hands them on.
@pytest.mark.parametrize(
    ("change", "parts"),
    [
        (_unknown_key, ("experiment.yaml", "editors.sim.modle", "did you mean 'model'")),
        (_missing_source, ("experiment.yaml: benchmarks.small.path: nowhere.json",)),
        (_no_gpu, ("run: {devices: {kind: cpu}}",)),
    ],
)
def test_a_mistake_in_the_configuration_is_one_line(
    experiment: Experiment, change: Callable[[dict[str, Any]], None], parts: tuple[str, ...]
) -> None:
    experiment.configure(change)
    run = experiment.run("--dry-run")
    assert_one_error(run, *parts)
    assert run.jobs == []


def test_bad_rows_are_told_in_one_line_each_and_the_others_are_done(experiment: Experiment) -> None:
    good = rows("物理", 2)
    bad = [
        {**rows("物理", 1)[0], "original_image_path": "a.jpg", "src_img_b64": "%%% not base64"},
        {**rows("物理", 1)[0], "original_image_path": "b.jpg", "src_img_b64": "dGV4dA=="},
        {**rows("物理", 1)[0], "original_image_path": "c.jpg", "edit_instruction": "  "},
    ]
    escaping = {**rows("物理", 1)[0], "id": "../../x"}
    del escaping["original_image_path"]
    (experiment.folder / "small.json").write_text(
        json.dumps({"物理": [*good, *bad, escaping, good[0]]}), encoding="utf-8"
    )
    run = experiment.run()
    assert run.code == 0, run.output
    log = (experiment.results / "logs" / "prepare_category" / "物理.log").read_text(encoding="utf-8")
    for number in (3, 4, 5):
        assert any(f"row {number}" in line for line in log.splitlines()), log
    ids = [item["id"] for item in experiment.records("items/物理/items.jsonl")]
    assert ids == ["物理-0", "物理-1", "../../x", "物理-0#2"]
    assert not list(experiment.folder.parent.glob("x*"))
    folder = experiment.results / "edits" / "sim" / "物理" / "images"
    assert len(list(folder.iterdir())) == 4


def test_a_category_without_one_usable_row_is_refused_and_may_be_left_out(experiment: Experiment) -> None:
    broken = [{**row, "src_img_b64": "%%%"} for row in rows("物理", 2)]
    (experiment.folder / "small.json").write_text(
        json.dumps({"物理": broken, "light": rows("light", 2)}), encoding="utf-8"
    )
    run = experiment.run()
    assert_one_error(run, "SourceError", "物理")
    assert not list(experiment.results.glob("items/*"))
    experiment.configure(lambda config: config["benchmarks"]["small"].update(categories=["light"]))
    assert experiment.run().code == 0
    assert len(experiment.records("scores/judge/sim/light/scores.jsonl")) == 2


def test_a_category_may_be_named_like_an_option(experiment: Experiment) -> None:
    (experiment.folder / "small.json").write_text(json.dumps(rows("--help", 1)), encoding="utf-8")
    run = experiment.run("results/small/items/--help/items.jsonl")
    assert run.code == 0, run.output
    assert len(experiment.records("items/--help/items.jsonl")) == 1


def test_a_folder_of_edits_that_is_not_there_is_refused_before_the_first_job(experiment: Experiment) -> None:
    experiment.configure(
        lambda config: config["editors"].update(mine={"type": "files", "params": {"folder": "elsewhere"}})
    )
    experiment.configure(lambda config: config["benchmarks"]["small"].update(categories=["light"]))
    run = experiment.run()
    assert_one_error(run, "ConfigError", "editors.mine: elsewhere: no such folder of edited images")
    assert run.jobs == []
    assert not (experiment.results / "items").exists()


def test_more_failures_than_allowed_fail_the_job_and_keep_its_images(experiment: Experiment) -> None:
    elsewhere = experiment.folder / "elsewhere"
    elsewhere.mkdir()
    from experiments import picture

    picture(1).save(elsewhere / "light-0.png")
    experiment.configure(
        lambda config: config.update(editors={"mine": {"type": "files", "params": {"folder": "elsewhere"}}})
    )
    experiment.configure(lambda config: config["run"].update(max_failures=1))
    experiment.configure(lambda config: config["benchmarks"]["small"].update(categories=["light"]))
    run = experiment.run()
    assert_one_error(run, "StageError", "2 of 3 items failed", "run.max_failures: 1")
    assert list(experiment.image_times("mine")) == ["light/images/light-0.png"]


def test_no_granted_gpu_is_refused_where_a_device_is_needed(experiment: Experiment) -> None:
    run = experiment.run("results/small/edits/sim/light/edits.jsonl", "--resources", "gpu=0")
    assert_one_error(run, "DeviceError", "granted no GPU", "--resources gpu=")


def test_a_dry_run_imports_no_torch(finished: Experiment, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    trap.mkdir()
    # Not pandas: the executor plugin for SLURM imports it, which Snakemake loads wherever it is installed.
    for module in ("torch", "diffusers", "transformers", "scipy"):
        (trap / f"{module}.py").write_text("raise SystemExit('imported in a dry run')\n")
    environment = finished.environment
    finished.environment = lambda: {**environment(), "PYTHONPATH": str(trap)}  # type: ignore[method-assign]
    run = finished.run("--dry-run", "--forceall")
    assert run.code == 0, run.output
    assert "imported in a dry run" not in run.output
    assert len(run.of("edit_category")) == 4


def test_an_experiment_of_ones_own_is_not_mixed_with_the_demo(finished: Experiment) -> None:
    shutil.copytree(finished.repository / "config", finished.folder / "config")
    run = finished.run("--dry-run", "--forceall")
    assert run.code == 0, run.output
    assert {wildcards["benchmark"] for _, wildcards in run.jobs} == {"small"}
    assert {job["editor"] for job in run.of("edit_category")} == {"sim", "identity"}
