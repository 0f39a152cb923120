"""DESIGN's promises about what runs again, each on real Snakemake runs."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from experiments import Experiment, rows


def test_a_first_run_makes_every_edit_score_and_the_report(finished: Experiment) -> None:
    for editor in ("sim", "identity"):
        for category, count in (("物理", 4), ("light", 3)):
            edits = finished.records(f"edits/{editor}/{category}/edits.jsonl")
            scores = finished.records(f"scores/judge/{editor}/{category}/scores.jsonl")
            assert [edit["status"] for edit in edits] == ["ok"] * count
            assert [score["status"] for score in scores] == ["ok"] * count
    assert (finished.results / "report" / "index.html").exists()


def test_a_second_run_in_a_moved_folder_has_nothing_to_do_or_to_write(finished: Experiment) -> None:
    before = _files_and_times(finished)
    run = finished.run()
    assert run.code == 0
    assert run.jobs == []
    # Results on a disk that can only be read can still be asked what is left to do.
    assert _files_and_times(finished) == before


def _files_and_times(experiment: Experiment) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in (experiment.folder / "results").rglob("*")}


def test_an_added_category_runs_only_itself_and_the_report(finished: Experiment) -> None:
    path = finished.folder / "small.json"
    source = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**source, "社会": rows("社会", 2, start=20)}), encoding="utf-8")
    run = finished.run("--dry-run")
    assert run.code == 0, run.output
    assert {wildcards.get("category", "社会") for _, wildcards in run.jobs} == {"社会"}
    assert run.rules() == {"prepare_category", "edit_category", "score_category", "build_report"}


def test_a_changed_row_runs_only_its_category_and_edits_only_its_item(finished: Experiment) -> None:
    path = finished.folder / "small.json"
    source = json.loads(path.read_text(encoding="utf-8"))
    source["物理"][2]["edit_instruction"] = "something else"
    path.write_text(json.dumps(source), encoding="utf-8")
    before = finished.image_times("sim")
    run = finished.run()
    assert run.code == 0, run.output
    assert {wildcards.get("category", "物理") for _, wildcards in run.jobs} == {"物理"}
    changed = {name for name, when in finished.image_times("sim").items() if before[name] != when}
    assert changed == {"物理/images/物理-2.png"}


def test_an_added_editor_runs_only_itself_and_the_report(finished: Experiment) -> None:
    finished.configure(lambda config: config["editors"].update(blank={"type": "blank"}))
    run = finished.run("--dry-run")
    assert run.code == 0, run.output
    assert {wildcards.get("editor", "blank") for _, wildcards in run.jobs} == {"blank"}
    assert run.rules() == {"edit_category", "score_category", "build_report"}


def test_an_added_judge_scores_again_and_edits_nothing(finished: Experiment) -> None:
    finished.configure(lambda config: config["judges"].update(second=dict(config["judges"]["judge"])))
    run = finished.run("--dry-run")
    assert run.code == 0, run.output
    assert run.rules() == {"score_category", "build_report"}
    assert {wildcards["judge"] for wildcards in run.of("score_category")} == {"second"}


def test_an_edited_rubric_scores_again_and_edits_nothing(finished: Experiment) -> None:
    path = finished.folder / "rubric.yaml"
    text = path.read_text(encoding="utf-8")
    changed = text.replace("Answer", "Reply", 1)
    assert changed != text
    path.write_text(changed, encoding="utf-8")
    run = finished.run("--dry-run")
    assert run.code == 0, run.output
    assert run.rules() == {"score_category", "build_report"}
    assert len(run.of("score_category")) == 4


def test_a_changed_seed_edits_again_with_the_editors_that_have_one(finished: Experiment) -> None:
    before = finished.image_times("identity")
    finished.configure(lambda config: config["run"].update(seed=7))
    run = finished.run()
    assert run.code == 0, run.output
    assert {wildcards["editor"] for wildcards in run.of("edit_category")} == {"sim"}
    assert run.rules() == {"edit_category", "score_category", "build_report"}
    assert finished.image_times("identity") == before


def test_a_changed_seed_of_one_editor_edits_again_with_that_one(finished: Experiment) -> None:
    finished.configure(lambda config: config["editors"].update(twin=dict(config["editors"]["sim"])))
    assert finished.run().code == 0
    finished.configure(lambda config: config["editors"]["twin"].update(params={"seed": 7}))
    run = finished.run("--dry-run")
    assert run.code == 0, run.output
    assert {wildcards["editor"] for wildcards in run.of("edit_category")} == {"twin"}
    assert {wildcards["editor"] for wildcards in run.of("score_category")} == {"twin"}


def _more_devices(experiment: Experiment) -> None:
    experiment.configure(lambda config: config["run"]["devices"].update(count=3))


def _larger_batch(experiment: Experiment) -> None:
    experiment.configure(lambda config: config["judges"]["judge"].update(batch_size=2))


def _comment(experiment: Experiment) -> None:
    for name in ("experiment.yaml", "rubric.yaml"):
        path = experiment.folder / name
        path.write_text("# a comment\n" + path.read_text(encoding="utf-8"), encoding="utf-8")


def _touch(experiment: Experiment) -> None:
    for name in ("small.json", "rubric.yaml", "experiment.yaml"):
        os.utime(experiment.folder / name)


def _slower_simulation(experiment: Experiment) -> None:
    experiment.configure(lambda config: config["editors"]["sim"]["params"].update(seconds=0.01))


@pytest.mark.parametrize("change", [_more_devices, _larger_batch, _comment, _touch, _slower_simulation])
def test_what_changes_no_result_reruns_nothing(finished: Experiment, change) -> None:
    change(finished)
    run = finished.run()
    assert run.code == 0, run.output
    assert run.jobs == []


def test_a_killed_edit_job_is_continued_and_edits_only_what_is_missing(experiment: Experiment) -> None:
    source = {"物理": rows("物理", 12)}
    (experiment.folder / "small.json").write_text(json.dumps(source), encoding="utf-8")
    experiment.configure(lambda config: config["editors"]["sim"]["params"].update(seconds=0.4))
    experiment.configure(lambda config: config["run"].update(resident=False))
    images = experiment.results / "edits" / "sim" / "物理" / "images"
    running = subprocess.Popen(
        experiment.command("results/small/edits/sim/物理/edits.jsonl"),
        env=experiment.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while len(list(images.glob("*.png"))) < 3:
        assert time.monotonic() < deadline, "no image appeared"
        time.sleep(0.02)
    os.kill(_edit_job_of(running.pid), signal.SIGKILL)
    assert running.wait(60) != 0
    assert not (images.parent / "edits.jsonl").exists()
    before = experiment.image_times("sim")
    assert 3 <= len(before) < 12

    run = experiment.run("results/small/edits/sim/物理/edits.jsonl")
    assert run.code == 0, run.output
    after = experiment.image_times("sim")
    assert len(after) == 12
    assert {name: after[name] for name in before} == before


def _edit_job_of(snakemake: int) -> int:
    """The process id of the edit job among the descendants of a Snakemake process."""
    import psutil

    for child in psutil.Process(snakemake).children(recursive=True):
        if any("edit_category.py" in word for word in child.cmdline()[:3]):
            return child.pid
    raise AssertionError("no edit job is running")


def test_forcing_the_edits_tries_failed_items_again_and_keeps_the_rest(experiment: Experiment) -> None:
    elsewhere = experiment.folder / "elsewhere"
    elsewhere.mkdir()
    for name in ("物理-0", "物理-1", "物理-3", "light-0", "light-1", "light-2"):
        shutil.copy(_png(experiment), elsewhere / f"{name}.png")
    experiment.configure(
        lambda config: config.update(editors={"mine": {"type": "files", "params": {"folder": "elsewhere"}}})
    )
    run = experiment.run()
    assert run.code == 0, run.output
    edits = experiment.records("edits/mine/物理/edits.jsonl")
    assert [edit["status"] for edit in edits] == ["ok", "ok", "failed", "ok"]
    scores = experiment.records("scores/judge/mine/物理/scores.jsonl")
    assert [score["status"] for score in scores] == ["ok", "ok", "no_edit", "ok"]
    assert scores[2]["score"] is None

    before = experiment.image_times("mine")
    shutil.copy(_png(experiment), elsewhere / "物理-2.png")
    run = experiment.run("--forcerun", "edit_category")
    assert run.code == 0, run.output
    edits = experiment.records("edits/mine/物理/edits.jsonl")
    assert [edit["status"] for edit in edits] == ["ok"] * 4
    after = experiment.image_times("mine")
    assert set(after) - set(before) == {"物理/images/物理-2.png"}
    assert {name: after[name] for name in before} == before


def _png(experiment: Experiment) -> Path:
    from experiments import picture

    path = experiment.folder / "edited.png"
    picture(5).save(path)
    return path


def test_refresh_does_all_edits_again(finished: Experiment) -> None:
    before = finished.image_times("sim")
    finished.configure(lambda config: config["run"].update(refresh=["edits"]))
    assert finished.run().jobs == []
    run = finished.run("--forcerun", "edit_category")
    assert run.code == 0, run.output
    after = finished.image_times("sim")
    assert set(after) == set(before)
    assert all(after[name] != before[name] for name in before)


def test_a_truncated_image_is_the_only_one_edited_again(finished: Experiment) -> None:
    path = finished.results / "edits" / "sim" / "物理" / "images" / "物理-1.png"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    before = finished.image_times("sim")
    run = finished.run("--forcerun", "edit_category")
    assert run.code == 0, run.output
    changed = {name for name, when in finished.image_times("sim").items() if before[name] != when}
    assert changed == {"物理/images/物理-1.png"}
    assert path.read_bytes() == whole


def test_a_deleted_image_is_made_again_before_its_scores_are_forced(finished: Experiment) -> None:
    path = finished.results / "edits" / "sim" / "light" / "images" / "light-2.png"
    whole = path.read_bytes()
    path.unlink()
    run = finished.run("--forcerun", "score_category")
    assert run.code == 0, run.output
    assert [job["category"] for job in run.of("edit_category")] == ["light"]
    assert path.read_bytes() == whole
    scores = finished.records("scores/judge/sim/light/scores.jsonl")
    assert [score["status"] for score in scores] == ["ok"] * 3


def test_an_image_that_no_item_names_any_more_is_removed(finished: Experiment) -> None:
    path = finished.folder / "small.json"
    source = json.loads(path.read_text(encoding="utf-8"))
    del source["物理"][0]
    path.write_text(json.dumps(source), encoding="utf-8")
    run = finished.run()
    assert run.code == 0, run.output
    assert set(finished.image_times("sim")) == {
        *(f"物理/images/物理-{number}.png" for number in (1, 2, 3)),
        *(f"light/images/light-{number}.png" for number in (0, 1, 2)),
    }


def test_nested_values_of_the_command_line_are_read_by_their_type(finished: Experiment) -> None:
    run = finished.run(
        "--config", 'run={"seed": 7, "max_failures": 0.1, "devices": {"count": 1}}', "--dry-run"
    )
    assert run.code == 0, run.output
    assert {wildcards["editor"] for wildcards in run.of("edit_category")} == {"sim"}
    run = finished.run("--config", 'run={"seed": "seven"}', "--dry-run")
    assert run.code != 0
    assert "'run.seed': 'seven' has the wrong type; allowed: a whole number from 0" in run.output


def test_a_deleted_and_an_altered_image_are_made_again_by_a_plain_run(finished: Experiment) -> None:
    images = finished.results / "edits" / "sim" / "light" / "images"
    whole = {path.name: path.read_bytes() for path in images.iterdir()}
    before = finished.image_times("sim")
    (images / "light-2.png").unlink()
    _alter(images / "light-0.png")
    run = finished.run("--dry-run")
    path = "results/small/edits/sim/light/edits.jsonl"
    assert f"2 deleted or altered images are made again: {path}: light-0.png, light-2.png" in run.output
    run = finished.run()
    assert run.code == 0, run.output
    assert run.of("edit_category") == [{"benchmark": "small", "editor": "sim", "category": "light"}]
    assert {job["editor"] for job in run.of("score_category")} == {"sim"}
    assert {path.name: path.read_bytes() for path in images.iterdir()} == whole
    changed = {name for name, when in finished.image_times("sim").items() if before.get(name) != when}
    assert changed == {"light/images/light-0.png", "light/images/light-2.png"}
    assert finished.run().jobs == []


def _alter(path: Path) -> None:
    """Draw on a PNG and keep its texts."""
    from PIL import Image, PngImagePlugin

    with Image.open(path) as image:
        image.load()
        texts = PngImagePlugin.PngInfo()
        for key, value in image.text.items():
            texts.add_itxt(key, value)
        image.putpixel((0, 0), (1, 2, 3))
        image.save(path, pnginfo=texts)


def test_a_lower_limit_deletes_nothing_and_a_higher_one_makes_nothing_again(finished: Experiment) -> None:
    before = finished.image_times("sim")
    report = finished.results / "report" / "leaderboard.csv"
    table = report.read_text(encoding="utf-8")
    finished.configure(lambda config: config["benchmarks"]["small"].update(limit=2))
    assert finished.run().code == 0
    assert len(finished.records("edits/sim/物理/edits.jsonl")) == 2
    finished.configure(lambda config: config["benchmarks"]["small"].pop("limit"))
    assert finished.run().code == 0
    assert finished.image_times("sim") == before
    assert report.read_text(encoding="utf-8") == table


@pytest.mark.parametrize(
    "name", ["items/light/items.jsonl", "edits/sim/light/edits.jsonl", "scores/judge/sim/light/scores.jsonl"]
)
def test_records_changed_by_hand_are_refused_until_they_are_deleted(finished: Experiment, name: str) -> None:
    path = finished.results / name
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("light-1", "light-9"), encoding="utf-8")
    run = finished.run()
    assert run.code != 0
    assert run.output.splitlines()[-1] == (
        f"snakedit: RecordError: results/small/{name}: was changed since its job wrote it; "
        "put the written file back, or delete this one and run again: what is finished is kept"
    )
    before = finished.image_times("sim")
    path.unlink()
    run = finished.run()
    assert run.code == 0, run.output
    assert path.read_text(encoding="utf-8") == text
    assert finished.image_times("sim") == before


def test_after_touch_a_plain_run_and_the_report_name_what_is_stale(finished: Experiment) -> None:
    finished.configure(lambda config: config["run"].update(seed=7))
    assert finished.run("--touch").code == 0
    run = finished.run()
    assert (run.code, run.jobs) == (0, []), run.output
    assert "files were made by another configuration, and Snakemake takes them for up to date" in run.output
    assert "add: --forcerun edit_category edit_shard" in run.output
    assert finished.run("--forcerun", "build_report").code == 0
    content = json.loads((finished.results / "report" / "leaderboard.json").read_text(encoding="utf-8"))
    assert any("in no table: 7 edits by 'sim' and their scores" in notice for notice in content["notices"])
    rows_of_scores = finished.table("report/scores.csv")
    assert not any(row["value"] for row in rows_of_scores if row["editor"] == "sim")
    run = finished.run("--forcerun", "edit_category", "edit_shard")
    assert run.code == 0, run.output
    assert "another configuration" not in finished.run().output
    content = json.loads((finished.results / "report" / "leaderboard.json").read_text(encoding="utf-8"))
    assert not any("in no table" in notice for notice in content["notices"])
