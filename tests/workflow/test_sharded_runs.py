"""Large categories in whole runs: what shards make is what one job makes, and nothing done is done again."""

import json
import os
import signal
import subprocess
from collections import Counter
from typing import Any

import pytest
from counted_models import EDITOR, JUDGE, loads, wait_until
from experiments import Experiment, Run, add, copy_of_the_repository, picture, rows

from snakedit.workflow.shard_rules import forced

VARYING = ("seconds", "device", "started", "batch_size")
EDITS = "results/small/edits/sim/物理/edits.jsonl"
SCORES = "results/small/scores/judge/sim/物理/scores.jsonl"
FIRST, SECOND, THIRD = "000001-000004", "000005-000008", "000009-000012"


@pytest.fixture
def large(experiment: Experiment) -> Experiment:
    """A category of ten items beside one of three, models that say when they are loaded, shards of four."""
    log = str(experiment.folder / "loads.log")
    experiment.repository = copy_of_the_repository(experiment.folder)
    add(
        experiment.repository, "editors", '"counted": "snakedit.editors.toy:Counted",', EDITOR.format(log=log)
    )
    add(experiment.repository, "judges", '"counted": "snakedit.judges.toy:Counted",', JUDGE.format(log=log))
    experiment.configure(
        lambda config: config.update(
            editors={
                "sim": {"type": "counted", "params": {"seconds": 0.0}},
                "shuffled": {"type": "shuffled", "params": {"of": "sim"}},
            },
            judges={"judge": {"type": "counted", "rubric": "rubric.yaml", "params": {}}},
        )
    )
    write_source(experiment, 10)
    resize(experiment, 4)
    return experiment


def write_source(experiment: Experiment, count: int, leave_out: int | None = None) -> None:
    large = [row for place, row in enumerate(rows("物理", count)) if place != leave_out]
    source = {"物理": large, "light": rows("light", 3, start=20)}
    (experiment.folder / "small.json").write_text(json.dumps(source), encoding="utf-8")


def resize(experiment: Experiment, shard_items: int) -> None:
    experiment.configure(lambda config: config["run"].update(shard_items=shard_items))


def whole(run: Run) -> Run:
    assert run.code == 0, run.output
    return run


def outcome(experiment: Experiment) -> dict[str, Any]:
    """All records of a run, without what differs from one run to the next, and its images' bytes."""
    found: dict[str, Any] = {}
    for category in ("物理", "light"):
        for editor in ("sim", "shuffled"):
            folder = f"edits/{editor}/{category}"
            for path in (f"{folder}/edits.jsonl", f"scores/judge/{editor}/{category}/scores.jsonl"):
                found[path] = [
                    {key: value for key, value in record.items() if key not in VARYING}
                    for record in experiment.records(path)
                ]
            for image in (experiment.results / folder / "images").iterdir():
                found[f"{folder}/{image.name}"] = image.read_bytes()
    return found


def test_shards_make_what_one_job_makes_and_either_way_there_and_back_is_for_nothing(
    large: Experiment,
) -> None:
    run = whole(large.run())
    assert sorted(w["shard"] for w in run.of("edit_shard") if w["editor"] == "sim") == [FIRST, SECOND, THIRD]
    assert len(run.of("score_shard")) == 6
    assert {w["category"] for w in run.of("edit_category")} == {"light"}
    assert {w["category"] for w in run.of("gather_edits")} == {"物理"}
    once = Counter(f"{m} simulated:{d}" for m in ("editor None", "judge 0.5") for d in (0, 1))
    assert Counter(loads(large)) == once, "two shards at a time have one pool"
    made, times = outcome(large), large.image_times("sim")
    edits = large.records("edits/sim/物理/edits.jsonl")
    assert [edit["item"] for edit in edits] == [f"物理-{n}" for n in range(10)]
    assert whole(large.run()).jobs == []

    resize(large, 500)
    run = whole(large.run())
    assert {w["category"] for w in run.of("edit_category")} == {"物理"}
    assert not {"edit_shard", "gather_edits", "gather_scores"} & run.rules()
    assert outcome(large) == made
    assert not list((large.results / "edits").rglob("shards"))
    assert not list((large.results / "scores").rglob("shards"))

    resize(large, 4)
    whole(large.run())
    assert outcome(large) == made
    assert len(list((large.results / "edits" / "sim" / "物理" / "shards").iterdir())) == 3

    assert Counter(loads(large)) == once
    assert large.image_times("sim") == times
    assert large.records("edits/sim/物理/edits.jsonl") == edits, "also how long it took, and where"

    (large.results / "edits" / "sim" / "物理" / "images" / "stranger.png").touch()
    run = whole(large.run(EDITS, SCORES, "--forcerun", "edit_category", "edit_shard"))
    assert len(run.of("edit_shard")) == len(run.of("score_shard")) == 3
    assert outcome(large) == made
    assert Counter(loads(large)) == once

    large.folder.joinpath("results").rename(large.folder / "before")
    resize(large, 10)
    assert "edit_shard" not in whole(large.run()).rules()
    assert outcome(large) == made, "from nothing, without shards"


def test_items_added_at_the_end_are_the_only_ones_to_be_edited_and_judged(large: Experiment) -> None:
    large.configure(lambda config: config["editors"].pop("shuffled"))
    write_source(large, 3)
    assert "edit_shard" not in whole(large.run(EDITS, SCORES)).rules()
    for count, shards in ((6, [FIRST, SECOND]), (10, [FIRST, SECOND, THIRD])):
        times = large.image_times("sim")
        scores = large.records("scores/judge/sim/物理/scores.jsonl")
        write_source(large, count)
        run = whole(large.run(EDITS, SCORES))
        assert sorted(w["shard"] for w in run.of("edit_shard")) == shards
        assert large.image_times("sim").items() >= times.items()
        assert len(large.image_times("sim")) == count
        assert large.records("scores/judge/sim/物理/scores.jsonl")[: len(scores)] == scores

    times = large.image_times("sim")
    (large.folder / "loads.log").unlink()
    write_source(large, 10, leave_out=1)
    whole(large.run(EDITS, SCORES))
    assert loads(large) == [], "the others have moved, some of them into another shard"
    gone = set(times) - set(large.image_times("sim"))
    assert len(gone) == 1
    assert times.items() >= large.image_times("sim").items()


def test_a_killed_shard_goes_on_where_it_was_while_another_is_whole(large: Experiment) -> None:
    large.configure(lambda config: config["editors"]["sim"]["params"].update(seconds=0.4))
    large.configure(lambda config: config["editors"].pop("shuffled"))
    running = subprocess.Popen(
        large.command(EDITS),
        env=large.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    wait_until(lambda: len(large.image_times("sim")) >= 3, 60, "no image appeared")
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    times = large.image_times("sim")
    assert 3 <= len(times) < 10
    large.run("--unlock")
    whole(large.run(EDITS))
    assert large.image_times("sim").items() >= times.items()
    assert [edit["status"] for edit in large.records("edits/sim/物理/edits.jsonl")] == ["ok"] * 10
    assert not list(large.results.glob("edits/sim/*/images/.*"))


def test_what_fails_in_all_shards_together_is_held_against_the_category(large: Experiment) -> None:
    made = large.folder / "made"
    made.mkdir()
    for number in range(1, 8):
        picture(number).save(made / f"物理-{number}.png")
    large.configure(
        lambda config: config.update(editors={"made": {"type": "files", "params": {"folder": "made"}}})
    )
    large.configure(lambda config: config["run"].update(max_failures=2))
    target = "results/small/edits/made/物理/edits.jsonl"
    run = large.run(target)
    assert run.code != 0
    assert len(run.of("edit_shard")) == 3, "none has more than two, and two are too few to give up for"
    assert "3 of 10 items failed" in run.output
    assert "snakemake --forcerun edit_category edit_shard --cores all" in run.output
    assert not (large.folder / target).exists()

    picture(0).save(made / "物理-0.png")
    whole(large.run(target, "--forcerun", "edit_category", "edit_shard"))
    statuses = [edit["status"] for edit in large.records("edits/made/物理/edits.jsonl")]
    assert statuses == ["ok"] * 8 + ["failed"] * 2


def test_the_named_command_tries_again_what_failed_in_shards_and_elsewhere(large: Experiment) -> None:
    made = large.folder / "made"
    made.mkdir()
    for name in ("物理-0", "物理-5", "物理-9", "light-0", "light-1"):
        picture(1).save(made / f"{name}.png")
    large.configure(
        lambda config: config.update(editors={"made": {"type": "files", "params": {"folder": "made"}}})
    )
    targets = [f"results/small/edits/made/{name}/edits.jsonl" for name in ("物理", "light")]
    whole(large.run(*targets))
    for name in ("物理-4", "light-2"):
        picture(2).save(made / f"{name}.png")
    assert whole(large.run(*targets)).jobs == []
    run = whole(large.run(*targets, *forced("edit_category").split()))
    assert sorted(w["shard"] for w in run.of("edit_shard")) == [FIRST, SECOND, THIRD]
    assert {w["category"] for w in run.of("edit_category")} == {"light"}
    for category, done in (("物理", [0, 4, 5, 9]), ("light", [0, 1, 2])):
        edits = large.records(f"edits/made/{category}/edits.jsonl")
        assert [place for place, edit in enumerate(edits) if edit["status"] == "ok"] == done
