"""What a user gets wrong ends in one clear line, exit code not 0, and nothing finished is lost."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from experiments import Experiment, Run, rows


def assert_one_line(run: Run, *parts: str) -> None:
    """Exactly one line of the output is the error, it holds all parts, and there is no traceback."""
    assert run.code != 0, run.output
    assert "Traceback" not in run.output, run.output
    lines = [line for line in run.output.splitlines() if all(part in line for part in parts)]
    assert lines, run.output


def _unknown_key(config: dict[str, Any]) -> None:
    config["editors"]["sim"]["modle"] = "x"


def _unknown_top_level_key(config: dict[str, Any]) -> None:
    config["editrs"] = {}


def _wrong_type(config: dict[str, Any]) -> None:
    config["run"]["seed"] = "seven"


def _unknown_editor_type(config: dict[str, Any]) -> None:
    config["editors"]["sim"]["type"] = "simulatd"


def _unknown_param(config: dict[str, Any]) -> None:
    config["editors"]["sim"]["params"]["secnds"] = 1


def _unknown_judge_type(config: dict[str, Any]) -> None:
    config["judges"]["judge"]["type"] = "qwen3_lv"


def _missing_rubric(config: dict[str, Any]) -> None:
    config["judges"]["judge"]["rubric"] = "no_such_rubric"


def _unknown_category(config: dict[str, Any]) -> None:
    config["benchmarks"]["small"]["categories"] = ["ligth"]


def _unknown_format(config: dict[str, Any]) -> None:
    config["benchmarks"]["small"]["format"] = "base64_jsn"


def _missing_source(config: dict[str, Any]) -> None:
    config["benchmarks"]["small"]["path"] = "nowhere.json"


def _missing_checkpoint(config: dict[str, Any]) -> None:
    config["editors"]["sim"] = {"type": "qwen_image_edit", "model": "./no/such/checkpoint"}


def _shown_by_each_other(config: dict[str, Any]) -> None:
    for name, of in (("one", "other"), ("other", "one")):
        config["editors"][name] = {"type": "shuffled", "params": {"of": of}}


def _no_gpu(config: dict[str, Any]) -> None:
    config["run"]["devices"] = {"kind": "cuda"}


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        (_unknown_key, ("experiment.yaml", "editors.sim.modle", "did you mean 'model'")),
        (_unknown_top_level_key, ("experiment.yaml", "editrs", "did you mean 'editors'")),
        (_wrong_type, ("experiment.yaml", "run.seed", "seven")),
        (_unknown_editor_type, ("editors.sim.type", "simulatd", "did you mean 'simulated'")),
        (_unknown_param, ("editors.sim.params.secnds", "did you mean 'seconds'")),
        (_unknown_judge_type, ("judges.judge.type", "qwen3_lv", "did you mean 'qwen3_vl'")),
        (_missing_rubric, ("experiment.yaml: judges.judge.rubric", "no_such_rubric")),
        (
            _unknown_category,
            ("experiment.yaml: benchmarks.small.categories", "ligth", "did you mean 'light'"),
        ),
        (_unknown_format, ("experiment.yaml: benchmarks.small.format", "did you mean 'base64_json'")),
        (_missing_source, ("experiment.yaml: benchmarks.small.path: nowhere.json",)),
        (_missing_checkpoint, ("experiment.yaml: editors.sim.model: no/such/checkpoint", "no such folder")),
        (_shown_by_each_other, ("experiment.yaml", "editors.one.params.of", "one → other → one")),
        (_no_gpu, ("run: {devices: {kind: cpu}}",)),
    ],
)
def test_a_mistake_in_the_configuration_is_one_line(
    experiment: Experiment, change: Callable[[dict[str, Any]], None], parts: tuple[str, ...]
) -> None:
    experiment.configure(change)
    assert_one_line(experiment.run("--dry-run"), *parts)


def test_a_key_that_is_given_twice_is_one_line_with_both_places(experiment: Experiment) -> None:
    with open(experiment.folder / "experiment.yaml", "a", encoding="utf-8") as file:
        file.write("run: {seed: 8}\n")
    assert_one_line(
        experiment.run("--dry-run"), "experiment.yaml:", "the key 'run' is there already, in line"
    )


def test_a_prompt_for_a_category_that_no_benchmark_has_is_told(experiment: Experiment) -> None:
    prompt = {"user_prompt_template": "How good is it?"}
    experiment.configure(
        lambda config: config["judges"]["judge"].update(
            rubric="single", prompts={"ligth": prompt, "light": prompt}
        )
    )
    run = experiment.run("--dry-run")
    assert run.code == 0, run.output
    warnings = [line for line in run.output.splitlines() if "snakedit: warning" in line]
    assert warnings == [
        "snakedit: warning: judges.judge.prompts: no benchmark has a category 'ligth'; did you mean 'light'?"
    ]


@pytest.mark.parametrize("name", ["single_gpu.yaml", "six_gpus.yaml"])
def test_a_single_model_file_without_a_gpu_names_the_key_for_the_cpu(
    experiment: Experiment, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    content = (experiment.repository / "config" / name).read_text(encoding="utf-8")
    content = content.replace("results/.demo/demo.json", "small.json")
    for model in ("qwen-image-edit-plus-tiny", "qwen3-vl-tiny"):
        folder = experiment.folder / model
        folder.mkdir()
        (folder / "weights.safetensors").write_bytes(b"")
        content = content.replace(f"results/.demo/{model}", model + "/")
    (experiment.folder / "experiment.yaml").write_text(content, encoding="utf-8")
    assert_one_line(experiment.run("--dry-run"), "run: {devices: {kind: cpu}}")


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


def test_a_category_without_one_usable_row_fails_and_the_others_are_finished(experiment: Experiment) -> None:
    broken = [{**row, "src_img_b64": "%%%"} for row in rows("物理", 2)]
    (experiment.folder / "small.json").write_text(
        json.dumps({"物理": broken, "light": rows("light", 2)}), encoding="utf-8"
    )
    run = experiment.run()
    assert_one_line(run, "SourceError", "物理")
    assert len(experiment.records("scores/judge/sim/light/scores.jsonl")) == 2


def test_a_category_may_be_named_like_an_option(experiment: Experiment) -> None:
    (experiment.folder / "small.json").write_text(json.dumps(rows("--help", 1)), encoding="utf-8")
    run = experiment.run("results/small/items/--help/items.jsonl")
    assert run.code == 0, run.output
    assert len(experiment.records("items/--help/items.jsonl")) == 1


def test_a_job_fails_loudly_when_every_item_fails(experiment: Experiment) -> None:
    (experiment.folder / "elsewhere").mkdir()
    experiment.configure(
        lambda config: config["editors"].update(mine={"type": "files", "params": {"folder": "elsewhere"}})
    )
    run = experiment.run()
    assert_one_line(run, "StageError", "edit_category mine/light", "3 of 3 items failed")
    assert len(experiment.records("scores/judge/sim/light/scores.jsonl")) == 3


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
    assert_one_line(run, "StageError", "2 of 3 items failed", "run.max_failures: 1")
    assert list(experiment.image_times("mine")) == ["light/images/light-0.png"]


def test_no_granted_gpu_is_refused_where_a_device_is_needed(experiment: Experiment) -> None:
    run = experiment.run("--resources", "gpu=0")
    assert_one_line(run, "DeviceError", "granted no GPU", "--resources gpu=")


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
