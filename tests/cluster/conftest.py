"""A real SLURM for the tests, and an experiment to run on it."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster_experiments import EDITOR, ClusterExperiment
from debian import debian_packages
from experiments import add, copy_of_the_repository, rows, write_small_experiment
from slurm import NODES, Cluster, OtherClusterError, tool, wait_until


@pytest.fixture(scope="package")
def cluster() -> Iterator[Cluster]:
    """A controller and two nodes of three GPUs each, until the last test in this folder."""
    debian_packages("slurm-wlm", "munge")
    if os.geteuid() != 0 and not os.environ.get("CI"):
        pytest.skip("needs root, to write /etc/slurm and to start SLURM's daemons")
    cluster = Cluster()
    try:
        cluster.start()
        yield cluster
    except OtherClusterError as error:
        # It is left alone in CI too, where it may not stop the tests in silence.
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    finally:
        cluster.stop()


@pytest.fixture
def quiet_cluster(cluster: Cluster) -> Iterator[Cluster]:
    """The cluster with both nodes there and nothing in its queue, before the test and after it."""
    yield cluster
    tool("scancel", "--user=root", "--quiet")
    for node in NODES:
        cluster.restart_node_if_dead(node)
    wait_until(lambda: not tool("squeue", "-h"), 60, "the queue does not empty")


@pytest.fixture
def experiment(tmp_path: Path) -> ClusterExperiment:
    """Two categories of four items, two devices, and no editor yet."""
    small = write_small_experiment(tmp_path)
    experiment = ClusterExperiment(small.folder, copy_of_the_repository(tmp_path))
    text = EDITOR.format(log=str(tmp_path / "traced.jsonl"))
    add(experiment.repository, "editors", '"traced": "snakedit.editors.toy:Traced",', text)
    source = {name: rows(name, 4, start=4 * place) for place, name in enumerate(("物理", "light"))}
    (tmp_path / "small.json").write_text(json.dumps(source), encoding="utf-8")
    experiment.configure(lambda config: config["run"].update(devices={"kind": "simulated", "count": 1}))
    return experiment


@pytest.fixture
def running(experiment: ClusterExperiment) -> Iterator[list[subprocess.Popen[str]]]:
    """Snakemakes that a test has started; what is left of them ends with it."""
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in started:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait()
