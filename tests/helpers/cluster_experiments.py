"""An experiment on a real SLURM, whose editor says what it edits, where, and on which device."""

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from experiments import Experiment
from slurm import MARK

EDITOR = '''\
"""A simulated editor that says what it edits, where, and on which device."""

import json
import os
import time

from snakedit.editors.simulated_editor import SimulatedEditor


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

    def set_in_profile(self, old: str, new: str) -> None:
        """Change a line of the profile, of those too that are only offered as a comment."""
        path = self.repository / "profiles" / "slurm" / "profile.yaml"
        text, count = re.subn(rf"^  (# )?{re.escape(old)}\b", f"  {new}", path.read_text("utf-8"), flags=re.M)
        assert count == 1, old
        path.write_text(text, encoding="utf-8")

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
