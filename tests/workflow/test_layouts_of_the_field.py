"""Benchmarks in the shapes that their authors publish, each to the report, as synthetic samples.

The keys are those of ImgEdit Basic (547185d), KRIS-Bench (800662d), RISEBench (5f22651) and of the
270 rows for which `base64_json` was made.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from experiments import Experiment, as_base64, picture


def _save(path: Path, number: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture(number).save(path)


def _imgedit(folder: Path) -> dict[str, Any]:
    rows = {}
    for number in range(6):
        name = f"daily object/{number // 2:06}.jpg"
        _save(folder / "pictures" / name, number // 2)
        rows[str(1000 + number)] = {"id": name, "prompt": f"make {number} red", "edit_type": "add"}
    (folder / "basic_edit.json").write_text(json.dumps(rows), encoding="utf-8")
    return {"path": str(folder / "basic_edit.json"), "params": {"pictures": str(folder / "pictures")}}


def _kris(folder: Path) -> dict[str, Any]:
    for category in ("color_change", "viewpoint_change"):
        rows = {}
        for number in range(1, 4):
            _save(folder / category / f"{number}.jpg", number)
            row = {"ori_img": f"{number}.jpg", "ins_en": "turn it", "explain_en": "", "gt_img": ""}
            if category == "viewpoint_change":
                _save(folder / category / f"gt_{number}.JPG", number + 5)
                row |= {"gt_img": f"gt_{number}.JPG", "ori_img": [f"{number}.jpg", f"{number}.jpg"]}
            rows[str(number)] = row
        (folder / category / "annotation.json").write_text(json.dumps(rows, indent=2), encoding="utf-8")
    return {"path": str(folder)}


def _rise(folder: Path) -> dict[str, Any]:
    answers = [
        {"reference": "The bread is toast."},
        {"reference_txt": "It is ice."},
        {"reference_img": "r.png"},
    ]
    rows = []
    _save(folder / "r.png", 9)
    for number in range(6):
        name = f"causal_reasoning_images/{number}.png"
        _save(folder / name, number)
        row = {"index": f"causal_{number}", "category": "causal_reasoning", "instruction": "What follows?"}
        rows.append({**row, "image": name, **answers[number % 3]})
    (folder / "data_total.json").write_text(json.dumps(rows), encoding="utf-8")
    return {"path": str(folder)}


def _seed(folder: Path) -> dict[str, Any]:
    rows = [
        {
            "subset": subset,
            "edit_instruction": f"改 {number}",
            "edit_instruction_en": f"make {number} red",
            "original_description": "描述",
            "original_description_en": "a thing",
            "src_img_b64": as_base64(picture(number % 7)),
            "rationale_short": "因为",
            "rationale_short_en": "because",
            "tags": ["a", "b"],
            "difficulty": "hard",
            "original_image_path": f"photos/{subset}-{number}.png",
            "seed": number,
        }
        for subset, count in (("物理", 50), ("环境", 50), ("社会", 70), ("因果", 50), ("指代", 50))
        for number in range(count)
    ]
    folder.mkdir()
    (folder / "seed.json").write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    return {"path": str(folder / "seed.json"), "format": "base64_json"}


SHAPES = {"imgedit": _imgedit, "kris": _kris, "rise": _rise, "seed": _seed}


@pytest.mark.slow
def test_each_shape_of_the_field_comes_to_the_report(experiment: Experiment) -> None:
    benchmarks = {
        name: {"format": "folder", "limit": 2, **shape(experiment.folder / name)}
        for name, shape in SHAPES.items()
    }
    experiment.configure(lambda config: config.update(benchmarks=benchmarks))
    run = experiment.run(timeout=600)
    assert run.code == 0, run.output
    results = experiment.folder / "results"

    def items(name: str) -> list[dict[str, Any]]:
        lines = [
            line
            for path in sorted((results / name / "items").glob("*/items.jsonl"))
            for line in path.read_text(encoding="utf-8").splitlines()
        ]
        return [json.loads(line) for line in lines]

    assert [item["id"] for item in items("imgedit")] == ["1000", "1001"]
    assert {item["category"] for item in items("kris")} == {"color_change", "viewpoint_change"}
    assert [(len(item["images"]), item["reference"] is not None) for item in items("kris")] == [
        *[(1, False)] * 2,
        *[(2, True)] * 2,
    ]
    assert [item["rationale"] for item in items("rise")] == ["The bread is toast.", "It is ice."]
    assert [item["instruction"] for item in items("seed")] == ["make 0 red", "make 1 red"] * 5
    for name in SHAPES:
        assert (results / name / "report" / "index.html").is_file()
        scores = [
            path.read_text(encoding="utf-8") for path in results.glob(f"{name}/scores/*/*/*/scores.jsonl")
        ]
        assert sum(text.count('"status": "ok"') for text in scores) > 0
    assert "'reference' is a text and no picture, and is read as the rationale" in run.output


def test_a_category_without_a_usable_row_fails_a_dry_run_in_one_line(experiment: Experiment) -> None:
    rows = [{"image": f"{number}.png", "prompt": "x"} for number in range(40)]
    path = experiment.folder / "small.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    run = experiment.run("--dry-run")
    assert run.code != 0
    assert run.output.count("is a path; the format 'folder'") == 3
    assert "none of the 40 rows of the category 'uncategorised' can be used (row 1: " in run.output
