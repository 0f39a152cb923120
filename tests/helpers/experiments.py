"""Real Snakemake runs of a small experiment: simulated editor and judge, simulated devices."""

import base64
import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from PIL import Image
from places import REPOSITORY


@dataclass(frozen=True)
class Run:
    """What one call of Snakemake did.

    Attributes:
        jobs: (rule, wildcards) of each job that was started, targets left out.
    """

    code: int
    output: str
    jobs: list[tuple[str, dict[str, str]]]

    def rules(self) -> set[str]:
        return {rule for rule, _ in self.jobs}

    def of(self, rule: str) -> list[dict[str, str]]:
        return [wildcards for name, wildcards in self.jobs if name == rule]


class Experiment:
    """A folder with a benchmark and a configuration, in which Snakemake is run.

    Attributes:
        shows_jobs: whether Snakemake prints its jobs, which the default profile keeps from users.
    """

    shows_jobs = True

    def __init__(self, folder: Path, repository: Path = REPOSITORY) -> None:
        self.folder, self.repository = folder, repository

    @property
    def results(self) -> Path:
        return self.folder / "results" / "small"

    def configure(self, change: Callable[[dict[str, Any]], object] = lambda config: None) -> None:
        """Read the configuration, change it, write it back."""
        path = self.folder / "experiment.yaml"
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
        change(config)
        path.write_text(yaml.safe_dump(config, sort_keys=False, allow_unicode=True), encoding="utf-8")

    def command(self, *arguments: str) -> list[str]:
        targets = [argument for argument in arguments if argument.startswith(("results/", "compare_"))]
        options = [argument for argument in arguments if argument not in targets]
        return [
            *(sys.executable, "-m", "snakemake", *targets, "--cores", "2"),
            *("--snakefile", str(self.repository / "Snakefile"), "--directory", str(self.folder)),
            *("--profile", str(self.repository / "profiles" / "default")),
            # The profile is quiet; `jobs_in` reads what Snakemake says of its jobs.
            *(["--quiet", "host"] if self.shows_jobs else []),
            *("--configfile", str(self.folder / "experiment.yaml"), *options),
        ]

    def environment(self) -> dict[str, str]:
        # As on a user's machine, Python writes bytecode, whatever this machine sets.
        defaults = {"PYTHONPATH": "", "PYTHONDONTWRITEBYTECODE": ""}
        return {**os.environ, **defaults, "SNAKEDIT_LOCK_DIR": str(self.folder / "locks")}

    def run(self, *arguments: str, timeout: float = 300) -> Run:
        """Run Snakemake to its end. Arguments that begin with ``results/`` or ``compare_`` are targets."""
        done = subprocess.run(
            self.command(*arguments),
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )
        return Run(done.returncode, done.stdout, jobs_in(done.stdout))

    def preview(self, *arguments: str) -> Path:
        """Build the preview from what is on disk, and return its page."""
        script = self.repository / "scripts" / "preview_report.py"
        done = subprocess.run(
            [sys.executable, str(script), "--config", "experiment.yaml", *arguments],
            cwd=self.folder,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return self.results / "preview" / "index.html"

    def records(self, path: str) -> list[dict[str, Any]]:
        lines = (self.results / path).read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def table(self, path: str) -> list[dict[str, str]]:
        with open(self.results / path, encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def image_times(self, editor: str) -> dict[str, int]:
        """When each image of an editor was written: path below its folder → mtime_ns."""
        folder = self.results / "edits" / editor
        return {str(p.relative_to(folder)): p.stat().st_mtime_ns for p in folder.glob("*/images/*.png")}


def jobs_in(output: str) -> list[tuple[str, dict[str, str]]]:
    jobs = []
    # A dry run sets the jobs of a group to the right.
    for match in re.finditer(r"^( *)(?:local)?rule (\w+):\n((?:\1    .*\n)*)", output, re.MULTILINE):
        wildcards = re.search(r"^ *wildcards: (.*)$", match[3], re.MULTILINE)
        pairs = (pair.split("=", 1) for pair in wildcards[1].split(", ")) if wildcards else ()
        if match[2] not in ("all", "compare_speed", "default"):
            jobs.append((match[2], {key: value for key, value in pairs}))
    return jobs


def picture(number: int) -> Image.Image:
    """A small picture that no other number gives."""
    image = Image.new("RGB", (40 + number, 32), (number * 20 % 256, 90, 200))
    image.paste((250, 240, number * 9 % 256), (4, 4, 20, 16))
    return image


def as_base64(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def rows(category: str, count: int, start: int = 0) -> list[dict[str, Any]]:
    return [
        {
            "subset": category,
            "original_image_path": f"photos/{category}-{number}.jpg",
            "edit_instruction": f"make number {number} warmer",
            "src_img_b64": as_base64(picture(start + number)),
        }
        for number in range(count)
    ]


def write_small_experiment(folder: Path) -> Experiment:
    source = {"物理": rows("物理", 4), "light": rows("light", 3, start=10)}
    (folder / "small.json").write_text(json.dumps(source), encoding="utf-8")
    shutil.copy(REPOSITORY / "config" / "rubrics" / "viescore.yaml", folder / "rubric.yaml")
    config = {
        "benchmarks": {"small": {"format": "base64_json", "path": "small.json"}},
        "editors": {
            "sim": {"type": "simulated", "params": {"load_seconds": 0.0, "seconds": 0.0}},
            "identity": {"type": "identity"},
        },
        "judges": {
            "judge": {
                "type": "simulated",
                "rubric": "rubric.yaml",
                "params": {"load_seconds": 0.0, "seconds_by_batch": {"1": 0.0}},
            }
        },
        "run": {"devices": {"kind": "simulated", "count": 2}},
    }
    (folder / "experiment.yaml").write_text(
        yaml.safe_dump(config, sort_keys=False, allow_unicode=True), encoding="utf-8"
    )
    return Experiment(folder)


def copy_of_the_repository(folder: Path) -> Path:
    """A copy of what runs, to be extended."""
    copy = folder / "repository"
    for name in ("scripts", "rules", "workflow", "config", "profiles", "envs"):
        shutil.copytree(REPOSITORY / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "Snakefile", copy)
    return copy


def add(repository: Path, package: str, line: str, text: str) -> None:
    """Write one file into a package, and one line into its registry."""
    folder = repository / "scripts" / "snakedit" / package
    (folder / "toy.py").write_text(text, encoding="utf-8")
    init = folder / "__init__.py"
    content = init.read_text(encoding="utf-8")
    assert content.count("    {\n") == 1
    init.write_text(content.replace("    {\n", "    {\n" + f"        {line}\n"), encoding="utf-8")


GATED = '''\
"""An editor that makes an edit only once a file of the item's name lies in a folder beside this module."""

import time
from pathlib import Path

from snakedit.editors.editor import Editor

GATES = Path(__file__).with_name("gates")


class Gated(Editor):
    def edit(self, request):
        while not (GATES / request.item.id).exists():
            time.sleep(0.02)
        return request.sources[0]
'''


class GatedExperiment(Experiment):
    """The small experiment with one editor more, whose edits wait until they are let through."""

    def __init__(self, experiment: Experiment) -> None:
        super().__init__(experiment.folder, experiment.repository)
        (self.folder / "gates").mkdir()
        (self.folder / "gated.py").write_text(GATED, encoding="utf-8")
        self.configure(lambda config: config["editors"].update(gated={"type": "gated:Gated"}))

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "PYTHONPATH": str(self.folder)}

    def start(self) -> subprocess.Popen[bytes]:
        """Start Snakemake and return at once."""
        with open(self.folder / "run.log", "wb") as log:
            return subprocess.Popen(
                self.command(), env=self.environment(), stdout=log, stderr=subprocess.STDOUT
            )

    def let_through(self, *items: str) -> None:
        """Let edits be made, and wait until they are recorded."""
        for item in items:
            (self.folder / "gates" / item).touch()
        journals = self.results / "edits" / "gated"
        while sum(text.count('"ok"') for text in map(Path.read_text, journals.glob("*/journal.jsonl"))) < len(
            list((self.folder / "gates").iterdir())
        ):
            time.sleep(0.05)
