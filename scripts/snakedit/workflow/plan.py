"""What a run will do, known before its first job: categories, recipes, and how many devices there are.

The rules read this while the Snakefile is parsed, so it imports neither torch nor pandas.
"""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snakedit import recipe
from snakedit.config import load as settings
from snakedit.config.load import DEMO_FOLDER
from snakedit.config.schema import Config, EditorConfig, JudgeConfig
from snakedit.config.strict_yaml import read_yaml
from snakedit.core.errors import CheckpointError, ConfigError, named
from snakedit.core.hashing import canonical
from snakedit.core.shards import shards_of
from snakedit.demo.benchmark import write_demo_benchmark
from snakedit.demo.checkpoints import is_built
from snakedit.runtime.devices.discover import count_devices, device_kind
from snakedit.sources.index import Index, check_usable, read_index
from snakedit.workflow.advice import (
    warn_of_counted_pictures,
    warn_of_cpu,
    warn_of_missing_keys,
    warn_of_params,
    warn_of_unknown_categories,
)
from snakedit.workflow.allocation import Allocation, Place, Situation, allocation
from snakedit.workflow.resolve import check_families, resolve, typed_params
from snakedit.workflow.resolved import ResolvedEditor, ResolvedJudge, Run, write_run
from snakedit.workflow.shard_rules import benchmark_pattern


@dataclass(frozen=True)
class Plan:
    """A run, as far as it is known before it starts.

    Attributes:
        run: the configuration, with its editors and judges resolved.
        config_file: the file in which the jobs find the run.
        indexes: benchmark → its index.
        device_count: devices that the run may use; 0 where nothing needs one.
    """

    run: Run
    config_file: str
    indexes: dict[str, Index]
    device_count: int

    @property
    def config(self) -> Config:
        """The configuration."""
        return self.run.config

    def categories(self, benchmark: str) -> list[str]:
        """Return the folder names of a benchmark's categories, in order."""
        return list(self.indexes[benchmark].categories)

    def all_categories(self) -> set[str]:
        """Return the folder names of every benchmark's categories."""
        return {folder for index in self.indexes.values() for folder in index.categories}

    def shards(self, benchmark: str, category: str) -> list[str]:
        """Return the names of a category's shards, in order; none if it has too few rows to have any."""
        count = self.indexes[benchmark].categories[category].count
        limit = self.config.benchmarks[benchmark].limit
        rows = count if limit is None else min(count, limit)
        return list(map(str, shards_of(rows, self.config.run.shard_items)))

    def sharded_benchmark(self) -> str:
        """Return a pattern for a benchmark's name before the path of what its sharded categories hold."""
        return benchmark_pattern(
            {name: [c for c in self.categories(name) if self.shards(name, c)] for name in self.indexes}
        )

    def prepared_by(self, benchmark: str, category: str) -> dict[str, Any]:
        """Return what a category's items depend on: its rows, how many are taken, and the language."""
        config, index = self.config.benchmarks[benchmark], self.indexes[benchmark]
        return recipe.prepare_recipe(config, index.categories[category].sha256, index.params)

    def prepare_recipe(self, benchmark: str, category: str) -> str:
        """Return what a category's items depend on, as canonical JSON."""
        return canonical(self.prepared_by(benchmark, category))

    def editor_recipe(self, editor: str) -> str:
        """Return what an editor's edits depend on, as canonical JSON."""
        return canonical(self.run.editors[editor].recipe)

    def judge_recipe(self, judge: str) -> str:
        """Return what a judge's scores depend on, as canonical JSON."""
        return canonical(self.run.judges[judge].recipe)

    def editor_place(self, editor: str) -> int:
        """Return an editor's place in the configuration, from 0."""
        return list(self.config.editors).index(editor)

    def judge_place(self, judge: str) -> int:
        """Return a judge's place in the configuration, from 0."""
        return list(self.config.judges).index(judge)

    def report_recipe(self, benchmark: str) -> str:
        """Return what a report depends on beside its records."""
        return canonical(
            {
                "categories": self.categories(benchmark),
                "editors": list(self.config.editors),
                "judges": {name: judge.rubric_name for name, judge in self.run.judges.items()},
                "min_control_auc": self.config.report.min_control_auc,
                "stage_version": recipe.STAGE_VERSIONS["report"],
            }
        )

    def serial_recipe(self, editor: str, judges: list[str]) -> str:
        """Return what the serial side of an editor's category depends on beside its items."""
        run = self.config.run
        return canonical(
            {
                "editor": self.editor_recipe(editor),
                "judges": {name: self.judge_recipe(name) for name in judges},
                "items": run.baseline_items,
                "swap": run.baseline_swap,
                "stage_version": recipe.STAGE_VERSIONS["serial"],
            }
        )

    def shown_editors(self, editor: str) -> list[str]:
        """Return the editors whose edits this one shows."""
        return self.run.editors[editor].shows

    def serial_editors(self) -> list[str]:
        """Return the editors that the serial side runs too; a server's time is not this machine's."""
        return [name for name, editor in self.run.editors.items() if not editor.asks_server]

    def device_judges(self) -> list[str]:
        """Return the judges that take a device; others are services, whose time is not this machine's."""
        return [name for name, judge in self.run.judges.items() if judge.needs_device]

    def on_cpu(self) -> bool:
        """Whether models run on the CPU, so that jobs claim cores instead of GPUs."""
        return device_kind(self.config.run.devices) == "cpu"

    def allocation(
        self, editor: str | None, judge: str | None, place: Place, granted: int | None
    ) -> Allocation:
        """Return what a job of an editor, or of a judge, declares.

        Args:
            place: which Snakemake asks.
            granted: the limit given as ``--resources gpu=``, or None.
        """
        model = self.run.editors[editor] if editor is not None else self.run.judges[str(judge)]
        own = model.own_devices if isinstance(model, ResolvedJudge) and place == "local" else None
        devices = own or self.config.run.devices
        situation = Situation(
            place=place,
            device_count=self.device_count if own is None else count_devices(own),
            on_cpu=device_kind(devices) == "cpu",
            finds_devices=devices.kind == "auto",
            resident=self.config.run.resident,
            granted=granted,
        )
        return allocation(model.needs_device, model.asks_server, situation, is_own=own is not None)

    def warn_if_on_cpu(self) -> None:
        """Print why no GPU is used, if models run on the CPU and the configuration does not ask for it."""
        if self.device_count and self.on_cpu():
            warn_of_cpu(self.config)


def make_plan(
    raw: Any,
    files: Sequence[Path],
    scripts: Path,
    granted: int | None,
    given: Mapping[str, Any] | None = None,
) -> Plan:
    """Check the configuration and find out what it asks for.

    Writes the run's file, the benchmarks' indexes, the cache of model revisions and, where the
    configuration names them, the demo's benchmark and checkpoints.

    Args:
        raw: the configuration as Snakemake read it, of keys given twice the last.
        files: where it was read.
        scripts: the folder of the entry points.
        granted: what ``--resources gpu=`` allows, or None where it was not given.
        given: the part of `raw` that was given with ``--config``; nested values are texts.

    Raises:
        SnakeditError: for whatever a user can mend.
    """
    for path in files:
        read_yaml(path)
    where = ", ".join(map(str, files))
    data = typed_params(settings.normalise(raw, where, given), given or {})
    config = settings.from_dict(data)
    check_families(config, where)
    _build_demo_files(config, scripts)
    run = resolve(data, where)
    _check_shown_editors(run, where)
    warn_of_missing_keys(run)
    warn_of_params(run)
    warn_of_counted_pictures(run)
    indexes = {}
    for name, benchmark in config.benchmarks.items():
        with named(where, f"benchmarks.{name}.path"):
            indexes[name] = read_index(benchmark, Path("results", name, "index.json"))
            check_usable(benchmark, indexes[name])
    warn_of_unknown_categories(config, frozenset().union(*(index.names for index in indexes.values())))
    return Plan(run, write_run(run), indexes, _device_count(run, granted))


def _device_count(run: Run, granted: int | None) -> int:
    """The limit given to Snakemake, within the configuration's; without one, the devices on this host."""
    devices = run.config.run.devices
    models: list[ResolvedEditor | ResolvedJudge] = [*run.editors.values(), *run.judges.values()]
    if not any(model.needs_device for model in models):
        return 0
    if granted is None or device_kind(devices) == "cpu":
        return count_devices(devices)
    return min(granted, devices.count or granted)


def _check_shown_editors(run: Run, where: str) -> None:
    """Refuse an editor that shows one that is not there, and a ring of those that show each other."""
    shown = {name: editor.shows for name, editor in run.editors.items()}
    for name, others in shown.items():
        for of in others:
            if of == name or of not in run.editors:
                raise ConfigError(
                    f"'{of}' is not another editor of this configuration",
                    where=f"{where}: editors.{name}.params.of",
                    allowed=", ".join(other for other in run.editors if other != name),
                )
    for name in shown:
        ring = _ring(name, shown, ())
        if ring:
            raise ConfigError(
                f"these show each other's edits: {' → '.join(ring)}",
                where=f"{where}: editors.{name}.params.of",
                allowed="an editor that makes its own",
            )


def _ring(name: str, shown: Mapping[str, Sequence[str]], path: tuple[str, ...]) -> tuple[str, ...]:
    """The way from an editor back to itself along what is shown, or nothing."""
    path = (*path, name)
    for other in shown[name]:
        if other == path[0]:
            return (*path, other)
        if other not in path and (ring := _ring(other, shown, path)):
            return ring
    return ()


def _build_demo_files(config: Config, scripts: Path) -> None:
    """Make what the demo reads, where the configuration names it and it is not there yet.

    The jobs of a run follow from its benchmark's categories and its models' hashes, so no rule could
    make these: they must be there before there are rules.
    """
    for benchmark in config.benchmarks.values():
        if Path(benchmark.path).parent == DEMO_FOLDER and not Path(benchmark.path).exists():
            write_demo_benchmark(Path(benchmark.path))
    entries: list[EditorConfig | JudgeConfig] = [*config.editors.values(), *config.judges.values()]
    models = [entry.model for entry in entries if entry.model]
    missing = sorted({m for m in models if Path(m).parent == DEMO_FOLDER and not is_built(Path(m))})
    if not missing:
        return
    print("snakedit: building the demo's checkpoints, once", file=sys.stderr)
    done = subprocess.run([sys.executable, str(scripts / "build_demo_checkpoints.py"), *missing])
    if done.returncode != 0:
        raise CheckpointError("the demo's checkpoints could not be built", where=", ".join(missing))
