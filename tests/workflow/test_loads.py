"""How often a run loads its models: each once on each device, over any number of categories."""

import json
from collections import Counter

import pytest
from counted_models import EDITOR, JUDGE, loads
from experiments import Experiment, add, copy_of_the_repository, rows


@pytest.fixture
def counted(experiment: Experiment) -> Experiment:
    """Three categories, two editors and two judges, each of which says when it is loaded."""
    log = str(experiment.folder / "loads.log")
    experiment.repository = copy_of_the_repository(experiment.folder)
    add(
        experiment.repository, "editors", '"counted": "snakedit.editors.toy:Counted",', EDITOR.format(log=log)
    )
    add(experiment.repository, "judges", '"counted": "snakedit.judges.toy:Counted",', JUDGE.format(log=log))
    source = {name: rows(name, 4, start=4 * place) for place, name in enumerate("abc")}
    (experiment.folder / "small.json").write_text(json.dumps(source), encoding="utf-8")
    experiment.configure(
        lambda config: config.update(
            editors={f"e{seed}": {"type": "counted", "params": {"seed": seed}} for seed in (1, 2)},
            judges={f"j{n}": {"type": "counted", "min_scale_mass": mass} for n, mass in ((1, 0.1), (2, 0.2))},
        )
    )
    return experiment


def test_two_editors_and_two_judges_load_four_models_once_a_device_and_a_rerun_none(
    counted: Experiment,
) -> None:
    run = counted.run()
    assert run.code == 0, run.output
    assert len(run.of("edit_category")) == 6
    assert len(run.of("score_category")) == 12
    models = ("editor 1", "editor 2", "judge 0.1", "judge 0.2")
    once = {f"{m} simulated:{d}": 1 for m in models for d in (0, 1)}
    assert Counter(loads(counted)) == once

    run = counted.run("--forcerun", "edit_category")
    assert run.code == 0, run.output
    assert len(run.of("edit_category")) == 6
    assert Counter(loads(counted)) == once, "every image and every score was there"


def test_without_residency_every_job_loads_for_itself(counted: Experiment) -> None:
    counted.configure(lambda config: config["run"].update(resident=False))
    # So slow that no device has done a job's items before the other has loaded.
    counted.configure(lambda config: config["editors"]["e1"]["params"].update(seconds=0.5))
    run = counted.run("results/small/edits/e1/a/edits.jsonl", "results/small/edits/e1/b/edits.jsonl")
    assert run.code == 0, run.output
    assert Counter(loads(counted)) == {f"editor 1 simulated:{d}": 2 for d in (0, 1)}


def test_a_judge_too_large_for_one_device_is_loaded_once_on_each_group_of_devices(
    counted: Experiment,
) -> None:
    def large(config) -> None:
        config["run"]["devices"] = {"kind": "simulated", "count": 4, "memory_gib": 20}
        config["judges"] = {"j1": {"type": "counted", "min_scale_mass": 0.1, "params": {"weights_gib": 30}}}

    counted.configure(large)
    run = counted.run()
    assert run.code == 0, run.output
    judge = [line for line in loads(counted) if line.startswith("judge")]
    assert sorted(judge) == ["judge 0.1 simulated:0+1", "judge 0.1 simulated:2+3"]
