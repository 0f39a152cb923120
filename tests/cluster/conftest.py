"""Runs on a real SLURM, of an experiment whose editor says what it edits, where, and on which device."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from debian import debian_packages
from slurm import MARK, NODES, Cluster, OtherClusterError, tool, wait_until
from workflow.conftest import Experiment, add, copy_of_the_repository, rows, write_small_experiment

EDITOR = '''\
"""A simulated editor that says what it edits, where, and on which device."""

import json
import os
import time

from snakedit.editors.simulated import SimulatedEditor


class Traced(SimulatedEditor):
    def edit(self, request):
        began = time.time()
        image = super().edit(request)
        line = [request.item.id, self.params.seed, began, time.time()]
        line += [os.environ.get(n) for n in ("SLURM_JOB_ID", "SLURMD_NODENAME", "CUDA_VISIBLE_DEVICES")]
        with open({log!r}, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\\n")
        return image
'''


@dataclass(frozen=True)
class Traced:
    """One item that an editor has edited."""

    item: str
    seed: int
    began: float
    ended: float
    job: str
    node: str
    devices: str


class ClusterExperiment(Experiment):
    """An experiment whose Snakemake sends its jobs to the cluster, with the profile for SLURM."""

    def cluster_command(self, *arguments: str) -> list[str]:
        targets = [argument for argument in arguments if argument.startswith("results/")]
        options = [argument for argument in arguments if argument not in targets]
        return [
            *(sys.executable, "-m", "snakemake", *targets),
            *("--snakefile", str(self.repository / "Snakefile")),
            *("--workflow-profile", str(self.repository / "profiles" / "slurm")),
            *("--configfile", str(self.folder / "experiment.yaml")),
            *("--slurm-init-seconds-before-status-checks", "2", "--latency-wait", "10", *options),
        ]

    def start_on_cluster(self, *arguments: str) -> subprocess.Popen[str]:
        """Start Snakemake; its output goes to ``output.txt``."""
        with open(self.folder / "output.txt", "w", encoding="utf-8") as output:
            return subprocess.Popen(
                # A process in the background of a script is deaf to Ctrl-C unless told otherwise.
                ["env", "--default-signal=INT", *self.cluster_command(*arguments)],
                cwd=self.folder,
                env={**self.environment(), **MARK},
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
            )

    def output(self) -> str:
        return (self.folder / "output.txt").read_text(encoding="utf-8", errors="replace")

    def traced(self) -> list[Traced]:
        path = self.folder / "traced.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return [Traced(*json.loads(line)) for line in lines]

    def prepare(self) -> None:
        """Prepare the items on this machine, since each job of SLURM takes its seconds."""
        items = [f"results/small/items/{name}/items.jsonl" for name in self.categories()]
        done = self.run(*items)
        assert done.code == 0, done.output

    def categories(self) -> list[str]:
        return list(json.loads((self.folder / "small.json").read_text(encoding="utf-8")))

    def edits(self, *editors: str) -> list[str]:
        names = self.categories()
        return [f"results/small/edits/{editor}/{name}/edits.jsonl" for editor in editors for name in names]


def traced_editors(*seeds: int, seconds: float) -> dict[str, Any]:
    return {
        f"e{seed}": {"type": "traced", "params": {"seed": seed, "seconds": seconds, "load_seconds": 0.1}}
        for seed in seeds
    }


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A controller and two nodes of three GPUs each."""
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
