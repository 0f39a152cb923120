"""The tiny real models through the whole pipeline, as the shipped single-model files name them."""

import json
import shutil
from pathlib import Path

import pytest
import yaml
from experiments import Experiment, rows
from places import REPOSITORY


@pytest.mark.parametrize(
    ("name", "editor", "batch_size"),
    [("single_gpu.yaml", "qwen_image_edit", 1), ("six_gpus.yaml", "multi_gpu_qwen_edit", 3)],
)
def test_a_shipped_single_model_file_runs_on_the_cpu(
    tmp_path: Path, tiny_editor: Path, tiny_judge: Path, name: str, editor: str, batch_size: int
) -> None:
    """With two small categories in the place of the demo's five."""
    shutil.copytree(tiny_editor, tmp_path / "results" / ".demo" / "qwen-image-edit-plus-tiny")
    shutil.copytree(tiny_judge, tmp_path / "results" / ".demo" / "qwen3-vl-tiny")
    source = {"colour": rows("colour", 3), "light": rows("light", 1, start=5)}
    (tmp_path / "results" / ".demo" / "demo.json").write_text(json.dumps(source), encoding="utf-8")
    config = yaml.safe_load((REPOSITORY / "config" / name).read_text(encoding="utf-8"))
    config["run"] = {"devices": {"kind": "cpu"}}
    (tmp_path / "experiment.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    experiment = Experiment(tmp_path)
    run = experiment.run()
    assert run.code == 0, run.output
    results = tmp_path / "results" / "demo"
    read = [
        [json.loads(line) for line in (results / path).read_text(encoding="utf-8").splitlines()]
        for path in (f"edits/{editor}/colour/edits.jsonl", f"scores/qwen3_vl/{editor}/colour/scores.jsonl")
    ]
    edits, scores = read
    assert [edit["status"] for edit in edits] == ["ok"] * 3
    assert {(edit["width"], edit["height"]) for edit in edits} == {(256, 256)}
    assert [score["status"] for score in scores] == ["ok"] * 3
    assert {score["batch_size"] for score in scores} == {batch_size}
    for score in scores:
        assert score["score"] == float(score["replies"]["grade"][0]["text"])
    assert experiment.run().jobs == []
