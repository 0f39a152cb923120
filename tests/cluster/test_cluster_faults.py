"""Jobs that end before they are done: by Ctrl-C, for a more urgent job, with their node."""

import contextlib
import signal
import subprocess
from collections import Counter
from pathlib import Path

import psutil
from cluster_experiments import ClusterExperiment, traced_editors
from slurm import Cluster, processes, tool, wait_until

from snakedit.core.images import png_text

STOP_SECONDS = 10.0


def test_ctrl_c_cancels_the_jobs_in_the_queue_and_keeps_the_images(
    quiet_cluster: Cluster, experiment: ClusterExperiment, running: list[subprocess.Popen[str]]
) -> None:
    experiment.configure(lambda config: config.update(editors=traced_editors(1, 2, seconds=3.0)))
    experiment.configure(lambda config: config["run"]["devices"].update(count=3))
    experiment.prepare()
    # With one node taken, one of the two jobs waits.
    blocker = tool(
        *("sbatch", "--parsable", "--nodes=1", "-w", "n1", "--gpus=3", "--mem=100"),
        *("--output=/dev/null", "--wrap", "sleep 300"),
    )
    running.append(experiment.start_on_cluster(*experiment.edits("e1", "e2"), "--resources", "gpu=3"))
    wait_until(lambda: experiment.image_times("e1") or experiment.image_times("e2"), 120, "no image appeared")
    assert "PD" in ours(blocker)
    running[0].send_signal(signal.SIGINT)
    running[0].wait(60)
    wait_until(lambda: not ours(blocker), 30, "jobs are left in the queue")
    wait_until(lambda: not editing("n2"), STOP_SECONDS, lambda: "\n".join(editing("n2")))
    safe = whole_images(experiment, "e1", "e2")
    assert 1 <= len(safe) < 16

    tool("scancel", blocker.strip())
    running.append(experiment.start_on_cluster(*experiment.edits("e1", "e2"), "--resources", "gpu=3"))
    assert running[1].wait(240) == 0, experiment.output()
    check_nothing_was_edited_twice(experiment, safe, "e1", "e2")


def test_a_preempted_job_stops_in_time_and_goes_on_from_its_images(
    quiet_cluster: Cluster, experiment: ClusterExperiment, running: list[subprocess.Popen[str]]
) -> None:
    experiment.configure(lambda config: config.update(editors=traced_editors(1, seconds=2.0)))
    experiment.prepare()
    running.append(experiment.start_on_cluster(*experiment.edits("e1")))
    wait_until(lambda: len(experiment.image_times("e1")) >= 2, 120, "no image appeared")
    first = experiment.traced()[0]
    urgent = ("--nodes=1", "--gpus=3", "--mem=100", "--output=/dev/null", "--wrap", "sleep 1")
    tool("sbatch", "--partition=urgent", f"--nodelist={first.node}", *urgent)
    state = ("squeue", "-h", "-t", "all", "-o", "%t", "-j", first.job)
    wait_until(lambda: tool(*state).strip() != "R", 60, "the job was not preempted")
    wait_until(lambda: not editing(first.node), STOP_SECONDS, lambda: "\n".join(editing(first.node)))
    safe = whole_images(experiment, "e1")
    assert 2 <= len(safe) < 8
    assert running[0].wait(240) == 0, experiment.output()
    check_nothing_was_edited_twice(experiment, safe, "e1")
    assert experiment.output().count("submitted with SLURM jobid") == 1


def test_what_a_dead_node_did_is_finished_elsewhere_and_nothing_on_disk_edited_again(
    quiet_cluster: Cluster, experiment: ClusterExperiment, running: list[subprocess.Popen[str]]
) -> None:
    experiment.configure(lambda config: config.update(editors=traced_editors(1, 2, seconds=1.5)))
    experiment.prepare()
    running.append(experiment.start_on_cluster(*experiment.edits("e1", "e2")))
    wait_until(
        lambda: len(experiment.image_times("e1")) >= 2 and len(experiment.image_times("e2")) >= 2,
        180,
        "no images appeared",
    )
    nodes = {edit.seed: edit.node for edit in experiment.traced()}
    assert set(nodes.values()) == {"n1", "n2"}
    lost = next(f"e{seed}" for seed, node in nodes.items() if node == "n2")
    quiet_cluster.kill_node("n2")
    safe = whole_images(experiment, lost)
    assert 2 <= len(safe) < 8
    assert running[0].wait(300) == 0, experiment.output()
    check_nothing_was_edited_twice(experiment, safe, lost)
    assert {edit.node for edit in experiment.traced() if f"e{edit.seed}" == lost} == {"n1", "n2"}


def whole_images(experiment: ClusterExperiment, *editors: str) -> dict[str, bytes]:
    """The images that editors have made, by path; none may be cut short."""
    found = {}
    for editor in editors:
        for path in (experiment.results / "edits" / editor).glob("*/images/[!.]*"):
            assert png_text(path)["editor"] == editor, path
            found[str(path.relative_to(experiment.results))] = path.read_bytes()
    return found


def check_nothing_was_edited_twice(
    experiment: ClusterExperiment, safe: dict[str, bytes], *editors: str
) -> None:
    """All eight items of each editor are done, and what was safe is as it was, from one edit of each item."""
    made = whole_images(experiment, *editors)
    # What a killed worker had not yet named is removed by the next job.
    assert not list(experiment.results.glob("edits/*/*/images/.*"))
    assert len(made) == 8 * len(editors)
    assert {path: made[path] for path in safe} == safe
    times = Counter((f"e{edit.seed}", edit.item) for edit in experiment.traced())
    assert {path: times[Path(path).parts[1], Path(path).stem] for path in safe} == dict.fromkeys(safe, 1)
    for editor in editors:
        for name in experiment.categories():
            records = experiment.records(f"edits/{editor}/{name}/edits.jsonl")
            assert [record["status"] for record in records] == ["ok"] * 4


def ours(other: str) -> str:
    """The jobs in the queue but one, with their states."""
    lines = tool("squeue", "-h", "-t", "PD,R,CG", "-o", "%i %t").splitlines()
    return "\n".join(line for line in lines if line.split()[0] != other.strip())


def editing(node: str) -> list[str]:
    """What runs of a job on a node: its Snakemake, its script, its pool."""
    commands = []
    for process in processes(node):
        # It may end at this very moment.
        with contextlib.suppress(psutil.NoSuchProcess):
            command = " ".join(process.cmdline())
            if "python" in command:
                commands.append(f"{process.pid} {process.status()} {command[:400]}")
    return commands
