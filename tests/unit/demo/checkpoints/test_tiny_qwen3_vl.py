import hashlib
import json

import pytest

from snakedit.demo.checkpoints import ensure_checkpoint


def sums(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_it_is_made_of_the_same_bytes_each_time(tiny_judge, tmp_path):
    folder = tmp_path / "qwen3-vl-tiny"
    assert ensure_checkpoint(folder)
    assert sums(folder) == sums(tiny_judge)
    assert not ensure_checkpoint(folder)


def test_it_has_the_hubs_layout_and_no_pickled_weights(tiny_judge):
    names = set(sums(tiny_judge))
    assert {"config.json", "generation_config.json", "model.safetensors", "tokenizer.json"} <= names
    assert not [name for name in names if name.endswith((".bin", ".pt", ".pth", ".pkl", ".py"))]
    config = json.loads((tiny_judge / "config.json").read_text(encoding="utf-8"))
    assert config["architectures"] == ["Qwen3VLForConditionalGeneration"]
    assert "auto_map" not in config


@pytest.mark.parametrize(("low", "high"), [(0, 10), (0, 25)])
def test_a_number_is_what_its_judge_most_likely_says(tiny_judge, low, high):
    """The demo's judge must answer on the demo's scale, or every score of the demo would be unparsed."""
    import dataclasses

    from PIL import Image

    from snakedit.core.records import Item
    from snakedit.judges.judge import JudgeRequest, JudgeSettings
    from snakedit.judges.qwen3_vl import Qwen3VL
    from snakedit.judges.qwen3_vl_params import Qwen3VLParams
    from snakedit.judges.rubrics.rubric_file import load_rubric

    shipped = load_rubric("viescore")
    metrics = tuple(dataclasses.replace(metric, low=low, high=high) for metric in shipped.metrics)
    rubric = dataclasses.replace(shipped, metrics=metrics)
    judge = Qwen3VL(
        str(tiny_judge),
        Qwen3VLParams(dtype="float32", max_pixels=65536),
        "cpu",
        JudgeSettings(rubric, "expected", 0.0, 1),
    )
    requests = [
        JudgeRequest(
            Item(str(i), "c", ["a.png"], ["0" * 64], "turn it grey"),
            [Image.new("RGB", (64 + 32 * i, 96), (40 * i, 200, 90))],
            Image.new("RGB", (96, 64 + 32 * i), (90, 40 * i, 10)),
            i,
        )
        for i in range(6)
    ]
    masses = [
        reply["scale_mass"]
        for verdict in judge.judge(requests)
        for replies in verdict.replies.values()
        for reply in replies
    ]
    assert min(masses) > 0.5
