"""A generated benchmark on which the benches run Snakemake, with simulated devices by default."""

import base64
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil
from PIL import Image

from snakedit.core.errors import StageError

REPOSITORY = Path(__file__).resolve().parents[2]
# The simulated machine, and the benchmark of an older comparison, which was computed and never run.
DEVICES = 6
CATEGORIES = {"c1": 50, "c2": 50, "c3": 70, "c4": 50, "c5": 50}
BATCH_SIZE = 4


class Experiment:
    """A folder with a generated benchmark, on which Snakemake is run.

    Attributes:
        folder: Snakemake's working directory.
    """

    def __init__(self, folder: Path, categories: Mapping[str, int]) -> None:
        """Write the benchmark.

        Args:
            folder: created if it is missing.
            categories: category → number of items.
        """
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        buffer = io.BytesIO()
        Image.new("RGB", (16, 16), (120, 90, 200)).save(buffer, "PNG")
        image = base64.b64encode(buffer.getvalue()).decode()
        rows = (
            {"id": f"{name}-{i}", "subset": name, "edit_instruction": f"edit {i}", "src_img_b64": image}
            for name, count in categories.items()
            for i in range(count)
        )
        with open(folder / "bench.json", "w", encoding="utf-8") as file:
            file.write("[")
            for number, row in enumerate(rows):
                file.write((",\n" if number else "") + json.dumps(row))
            file.write("]")

    def configure(
        self,
        editor: Mapping[str, Any],
        judge: Mapping[str, Any],
        judge_batch: int = BATCH_SIZE,
        devices: int = DEVICES,
        **run: Any,
    ) -> None:
        """Write a configuration with a simulated editor and judge.

        Args:
            editor, judge: their `params`.
            devices: number of simulated devices.
            run: further keys of `run`.
        """
        self.write_config(
            {"simulated": {"type": "simulated", "params": dict(editor)}},
            {"simulated": {"type": "simulated", "batch_size": judge_batch, "params": dict(judge)}},
            {"devices": {"kind": "simulated", "count": devices}, **run},
        )

    def write_config(
        self, editors: Mapping[str, Any], judges: Mapping[str, Any], run: Mapping[str, Any]
    ) -> None:
        """Write a configuration with these editors, judges and `run` keys."""
        benchmarks = {"bench": {"format": "base64_json", "path": "bench.json"}}
        config = {"benchmarks": benchmarks, "editors": editors, "judges": judges, "run": run}
        (self.folder / "config.yaml").write_text(json.dumps(config), encoding="utf-8")

    @property
    def results(self) -> Path:
        """The folder of the benchmark's results."""
        return self.folder / "results" / "bench"

    def edits(self, category: str) -> str:
        """Return the path of a category's edits, relative to the folder."""
        return f"results/bench/edits/simulated/{category}/edits.jsonl"

    def snakemake(self, *targets: str) -> float:
        """Run Snakemake to its end and return the seconds it took."""
        start = time.monotonic()
        self.check(self.start(*targets).wait())
        return time.monotonic() - start

    def start(self, *targets: str) -> subprocess.Popen[bytes]:
        """Start Snakemake, which writes `snakemake.log`."""
        with open(self.folder / "snakemake.log", "wb") as file:
            return subprocess.Popen(self._command(targets), env=self._environment(), stdout=file, stderr=file)

    def check(self, code: int) -> None:
        """Raise if Snakemake has failed.

        Raises:
            StageError: with the last lines of its log.
        """
        if code != 0:
            log = (self.folder / "snakemake.log").read_text(encoding="utf-8", errors="replace")
            raise StageError("the run failed: " + " | ".join(log.splitlines()[-15:]), where="bench")

    def watched(self, *arguments: str) -> tuple[float, dict[str, float]]:
        """Run Snakemake to its end; return the seconds it took and the peak RSS of its processes, in MB.

        The processes are named ``snakemake`` or after their entry point. Of several processes of one name
        the largest counts.
        """
        start = time.monotonic()
        with open(self.folder / "snakemake.log", "w", encoding="utf-8") as file:
            snakemake = psutil.Popen(
                self._command(arguments), env=self._environment(), stdout=file, stderr=file
            )
            peaks: dict[str, float] = {}
            while snakemake.poll() is None:
                for process in (snakemake, *snakemake.children(recursive=True)):
                    name = "snakemake" if process.pid == snakemake.pid else _script_of(process)
                    peaks[name] = max(peaks.get(name, 0.0), _rss(process) / 1e6)
                time.sleep(0.1)
        if snakemake.returncode != 0:
            raise StageError(f"the run failed: {' '.join(arguments)}", where="bench")
        return time.monotonic() - start, peaks

    def _command(self, targets: Sequence[str]) -> list[str]:
        return [
            *(sys.executable, "-m", "snakemake", *targets, "--cores", "2"),
            *("--snakefile", str(REPOSITORY / "Snakefile"), "--directory", str(self.folder)),
            *("--profile", str(REPOSITORY / "profiles" / "default")),
            *("--configfile", str(self.folder / "config.yaml")),
        ]

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "SNAKEDIT_LOCK_DIR": str(self.folder / "locks")}


def _script_of(process: psutil.Process) -> str:
    try:
        names = [Path(word).name for word in process.cmdline()[:3]]
    except psutil.NoSuchProcess:
        return ""
    return next((name.removesuffix(".py") for name in names if name.endswith(".py")), "")


def _rss(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0
