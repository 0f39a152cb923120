"""What SLURM makes of a run: where its jobs go, what they are given, and what is said of one that fails."""

import json
import re
import shutil
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

from cluster_experiments import ClusterExperiment, traced_editors
from experiments import Experiment, rows
from places import REPOSITORY
from slurm import GPUS, NODES, Cluster, tool

from snakedit.telemetry.trace import read_trace

CONTENT = ("item", "status", "image_sha256", "fingerprint", "seed")
ANSWERS = ("item", "status", "values", "score", "replies")


def test_jobs_use_both_nodes_and_own_devices_load_once_and_give_what_a_local_run_gives(
    quiet_cluster: Cluster, experiment: ClusterExperiment, tmp_path: Path
) -> None:
    # An editor without edits, whose jobs fail.
    (experiment.folder / "empty").mkdir()
    lacking = {"type": "files", "params": {"folder": "empty"}}
    experiment.configure(
        lambda config: config.update(editors={**traced_editors(1, 2, 3, seconds=2.0), "lacking": lacking})
    )
    experiment.configure(lambda config: config["run"].update(max_failures=0))
    run = experiment.start_on_cluster("--retries", "0")
    assert run.wait(400) == 1, experiment.output()
    output = experiment.output()

    traced = experiment.traced()
    assert Counter(edit.seed for edit in traced) == {1: 8, 2: 8, 3: 8}
    assert {edit.node for edit in traced} == set(NODES)
    by_device = defaultdict(list)
    for edit in traced:
        assert edit.devices in map(str, range(GPUS)), "one device a job"
        by_device[edit.node, edit.devices].append(edit)
    for edits in by_device.values():
        edits.sort(key=lambda edit: edit.began)
        for before, after in pairwise(edits):
            assert before.ended <= after.began or before.job == after.job, "two jobs had one device"
    overlapping = {
        (a.job, b.job)
        for a in traced
        for b in traced
        if a.job < b.job and a.began < b.ended and b.began < a.ended
    }
    assert overlapping, "no two jobs ran at once"

    # The categories of an editor shared one allocation and one load, and so did the judging of them.
    assert len({edit.job for edit in traced}) == 3
    assert loads(experiment, "edit_category") == {"e1": 1, "e2": 1, "e3": 1}
    assert output.count("/group_score_judge_") == 3
    assert loads(experiment, "score_category") == {"judge": 3}

    # Said aloud: with a gpu_model in the profile the plugin would else ask for a GPU.
    prepared = re.findall(r"rule prepare_category:\n(?: +.*\n)*? +resources: (.*)\n", output)
    assert len(prepared) == 2
    assert all("gpu=0" in resources.split(", ") for resources in prepared)

    # The failing job is named, with its log's path and its words.
    log = "results/small/logs/edit_category/lacking/物理.log"
    assert log in output
    assert "StageError: edit_category lacking/物理" in output
    assert "run.max_failures: 0" in output

    local = local_copy(experiment, tmp_path)
    local.configure(lambda config: config["editors"].pop("lacking"))
    done = local.run()
    assert done.code == 0, done.output
    for name in experiment.categories():
        for editor in ("e1", "e2", "e3"):
            edits, scores = f"edits/{editor}/{name}/edits.jsonl", f"scores/judge/{editor}/{name}/scores.jsonl"
            assert content(experiment, edits, CONTENT) == content(local, edits, CONTENT)
            assert content(experiment, scores, ANSWERS) == content(local, scores, ANSWERS)


def test_a_large_category_is_edited_and_judged_in_shards_and_is_what_a_local_run_makes(
    quiet_cluster: Cluster, experiment: ClusterExperiment, tmp_path: Path
) -> None:
    (tmp_path / "small.json").write_text(json.dumps({"物理": rows("物理", 8)}), encoding="utf-8")
    experiment.configure(lambda config: config.update(editors=traced_editors(1, seconds=0.5)))
    experiment.configure(lambda config: config["run"].update(shard_items=4))
    experiment.prepare()
    edits, scores = "edits/e1/物理/edits.jsonl", "scores/judge/e1/物理/scores.jsonl"
    run = experiment.start_on_cluster(f"results/small/{edits}", f"results/small/{scores}")
    assert run.wait(180) == 0, experiment.output()
    traced = experiment.traced()
    assert sorted(edit.item for edit in traced) == [f"物理-{number}" for number in range(8)]
    nodes = {
        job: {(edit.node, int(edit.item.partition("-")[2]) // 4) for edit in traced if edit.job == job}
        for job in {edit.job for edit in traced}
    }
    assert sorted(shard for places in nodes.values() for _, shard in places) == [0, 1], "a job a shard"
    assert {node for places in nodes.values() for node, _ in places} == set(NODES)
    assert len(re.findall(r"submitted with SLURM jobid \d+ \(log: \S*score_shard", experiment.output())) == 2

    local = local_copy(experiment, tmp_path)
    local.configure(lambda config: config["run"].update(shard_items=500))
    done = local.run(f"results/small/{scores}")
    assert done.code == 0, done.output
    assert done.rules() == {"prepare_category", "edit_category", "score_category"}
    assert content(experiment, edits, CONTENT) == content(local, edits, CONTENT)
    assert content(experiment, scores, ANSWERS) == content(local, scores, ANSWERS)
    for image in (local.results / "edits/e1/物理/images").iterdir():
        assert (experiment.results / "edits/e1/物理/images" / image.name).read_bytes() == image.read_bytes()


def test_a_gpu_model_sends_jobs_to_the_node_that_has_it_and_is_refused_where_none_has(
    quiet_cluster: Cluster, experiment: ClusterExperiment
) -> None:
    editors = {**traced_editors(1, seconds=0.0), "identity": {"type": "identity"}}
    experiment.configure(lambda config: config.update(editors=editors))
    # More than the one that the profile lets a job ask for, which its node must keep to as well.
    experiment.configure(lambda config: config["run"]["devices"].update(count=2))
    experiment.set_in_profile("gpu_model: a100", "gpu_model: v100")
    # Another block of the same name on the command line, without the profile's nodes.
    refused = experiment.start_on_cluster(*experiment.edits("e1"), "--default-resources", "mem_mb=100")
    assert refused.wait(60) == 1
    line = r"^snakedit: ConfigError: --default-resources: edit_category: nodes is not set; "
    assert re.search(line, experiment.output(), re.MULTILINE), experiment.output()
    refused = experiment.start_on_cluster(*experiment.edits("e1"))
    assert refused.wait(60) == 1
    line = r"^snakedit: ConfigError: sbatch: SLURM refuses edit_e1\S*: .*--gpus=v100:1$"
    assert re.search(line, experiment.output(), re.MULTILINE), experiment.output()
    assert not tool("squeue", "-h", "-t", "PD,R").strip()

    experiment.set_in_profile("gpu_model: v100", "gpu_model: h100")
    experiment.prepare()
    run = experiment.start_on_cluster(*experiment.edits("e1", "identity"))
    assert run.wait(120) == 0, experiment.output()
    traced = experiment.traced()
    assert len(traced) == 8
    assert {edit.node for edit in traced} == {"n2"}, "the one with such GPUs"
    assert all(edit.devices in map(str, range(GPUS)) for edit in traced), "one device a group"
    asked = [
        re.findall(r"TresPerJob=(\S+)", tool("scontrol", "show", "job", job)) for job in jobs(experiment)
    ]
    # An editor without a model asks for none.
    assert sorted(asked) == [["gres:gpu:h100:0"], ["gres:gpu:h100:1"]]


def test_two_gpus_are_two_and_preparing_leaves_the_gpus_partition_alone(
    quiet_cluster: Cluster, experiment: ClusterExperiment
) -> None:
    experiment.configure(lambda config: config.update(editors=traced_editors(1, seconds=0.2)))
    experiment.configure(lambda config: config["run"]["devices"].update(count=2))
    run = experiment.start_on_cluster(*experiment.edits("e1"), "--resources", "gpu=2")
    assert run.wait(180) == 0, experiment.output()
    traced = experiment.traced()
    assert len(traced) == 8
    assert {len(edit.devices.split(",")) for edit in traced} == {2}, "two devices for one job"
    used = {
        edit["device"]
        for name in experiment.categories()
        for edit in experiment.records(f"edits/e1/{name}/edits.jsonl")
    }
    assert used == {"simulated:0", "simulated:1"}
    shown = {job: tool("scontrol", "show", "job", job) for job in jobs(experiment)}
    asked = [
        (re.findall(r"Partition=(\S+)", text), re.findall(r"TresPerJob=(\S+)", text))
        for text in shown.values()
    ]
    assert sorted(asked) == [(["cpu"], []), (["gpu"], ["gres:gpu:2"])]


def test_the_demo_runs_end_to_end_with_three_of_its_editors(quiet_cluster: Cluster, tmp_path: Path) -> None:
    demo = ClusterExperiment(tmp_path, REPOSITORY)
    shutil.copy(REPOSITORY / "config" / "config.yaml", tmp_path / "experiment.yaml")

    def shorten(config: dict[str, Any]) -> None:
        config["benchmarks"]["demo"].update(limit=2, categories=["colour", "geometry"])
        config["editors"] = {name: config["editors"][name] for name in ("tiny", "reference", "identity")}
        # Each worker imports torch, and these nodes have the processors of one machine.
        config["run"] = {"devices": {"kind": "cpu", "count": 1}}

    demo.configure(shorten)
    run = demo.start_on_cluster()
    assert run.wait(500) == 0, demo.output()
    report = tmp_path / "results" / "demo" / "report"
    assert (report / "index.html").is_file()
    editors = set(
        re.findall(r"^demo,demo,(\w+),macro", (report / "leaderboard.csv").read_text(), re.MULTILINE)
    )
    assert editors == {"tiny", "reference", "identity"}


def local_copy(experiment: ClusterExperiment, folder: Path) -> Experiment:
    """The same experiment in a folder of its own, to be run on this machine."""
    local = Experiment(folder / "local", experiment.repository)
    local.folder.mkdir()
    for name in ("small.json", "experiment.yaml", "rubric.yaml"):
        shutil.copy(experiment.folder / name, local.folder)
    return local


def jobs(experiment: ClusterExperiment) -> list[str]:
    """The numbers of the jobs that a run has sent."""
    return re.findall(r"submitted with SLURM jobid (\d+)", experiment.output())


def loads(experiment: ClusterExperiment, rule: str) -> dict[str, int]:
    """How often each model was loaded, by the telemetry of its jobs."""
    counts: Counter[str] = Counter()
    for path in (experiment.results / "telemetry" / rule).glob("*/*.json"):
        if path.parent.name != "reference":
            counts[path.parent.name] += sum(span.name == "load" for span in read_trace(path)[1])
    return dict(counts)


def content(experiment: Experiment, path: str, keys: tuple[str, ...]) -> str:
    return json.dumps([{key: record[key] for key in keys} for record in experiment.records(path)])
