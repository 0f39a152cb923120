"""What a run will do, known before its first job: categories, recipes, and how many devices there are.

This is what the rules read while the Snakefile is parsed, so it imports neither torch nor pandas.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snakedit import recipe
from snakedit.config import load as settings
from snakedit.config.load import DEMO_FOLDER, Config, EditorConfig, JudgeConfig
from snakedit.config.strict_yaml import read_yaml
from snakedit.core.atomic import write_whole
from snakedit.core.errors import CheckpointError, ConfigError, named
from snakedit.core.hashing import canonical, fingerprint
from snakedit.core.registry import Registry
from snakedit.core.shards import shards_of
from snakedit.demo.benchmark import write_demo_benchmark
from snakedit.demo.checkpoints import is_built
from snakedit.editors import EDITORS
from snakedit.judges import JUDGES
from snakedit.judges.rubrics.rubric import load_rubric
from snakedit.runtime.devices.discover import count_devices, device_kind
from snakedit.sources.index import Index, read_index
from snakedit.workflow.advice import warn_of_missing_keys, warn_of_unknown_categories
from snakedit.workflow.shard_rules import benchmark_pattern

_MODELS = {"checkpoint": "a hub name or a local folder", "endpoint": "the name that its server knows it by"}


@dataclass(frozen=True)
class Plan:
    """A run, as far as it is known before it starts.

    Attributes:
        config_file: the whole configuration in a file that is named by its content, for the scripts.
        indexes: benchmark → its index.
        device_count: devices that the run may use; 0 where nothing needs one.
        editor_recipes, judge_recipes: name → canonical JSON of what its results depend on.
    """

    config: Config
    config_file: str
    indexes: dict[str, Index]
    device_count: int
    editor_recipes: dict[str, str]
    judge_recipes: dict[str, str]

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

    def prepare_recipe(self, benchmark: str, category: str) -> str:
        """Return what a category's items depend on: its rows, how many are taken, and the language."""
        return canonical(
            {
                "content": self.indexes[benchmark].categories[category].sha256,
                "limit": self.config.benchmarks[benchmark].limit,
                "language": self.config.benchmarks[benchmark].language,
                "stage_version": recipe.STAGE_VERSIONS["prepare"],
            }
        )

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
                "judges": {name: judge.rubric for name, judge in self.config.judges.items()},
                "min_control_auc": self.config.report.min_control_auc,
                "stage_version": recipe.STAGE_VERSIONS["report"],
            }
        )

    def serial_recipe(self, editor: str, judges: list[str]) -> str:
        """Return what the serial side of an editor's category depends on beside its items."""
        run = self.config.run
        return canonical(
            {
                "editor": self.editor_recipes[editor],
                "judges": {name: self.judge_recipes[name] for name in judges},
                "items": run.baseline_items,
                "swap": run.baseline_swap,
                "stage_version": recipe.STAGE_VERSIONS["serial"],
            }
        )

    def shown_editors(self, editor: str) -> list[str]:
        """Return the editors whose edits this one shows (`shuffled` with `of`)."""
        of = self.config.editors[editor].params.get("of")
        return [of] if of else []

    def devices(self, editor_or_judge: EditorConfig | JudgeConfig) -> int:
        """Return how many devices its jobs may have in their pool; 0 if it needs none."""
        registry: Registry[Any] = EDITORS if isinstance(editor_or_judge, EditorConfig) else JUDGES
        return self.device_count if registry[editor_or_judge.type].needs_device else 0

    def serial_editors(self) -> list[str]:
        """Return the editors that the serial side runs too; a server's time is not this machine's."""
        return [name for name, editor in self.config.editors.items() if not self.endpoint_jobs(editor)]

    def device_judges(self) -> list[str]:
        """Return the judges that take a device; others are services, whose time is not this machine's."""
        return [name for name, judge in self.config.judges.items() if JUDGES[judge.type].needs_device]

    def endpoint_jobs(self, editor_or_judge: EditorConfig | JudgeConfig) -> int:
        """Return 1 if its jobs ask a server, else 0."""
        registry: Registry[Any] = EDITORS if isinstance(editor_or_judge, EditorConfig) else JUDGES
        return int(registry[editor_or_judge.type].model_kind == "endpoint")

    def on_cpu(self) -> bool:
        """Whether models run on the CPU, so that jobs claim cores instead of GPUs."""
        return device_kind(self.config.run.devices) == "cpu"


def make_plan(raw: Any, files: Sequence[Path], scripts: Path, granted: int | None) -> Plan:
    """Check the configuration and find out what it asks for.

    Writes the configuration file, the benchmarks' indexes, the cache of model revisions and, where the
    configuration names them, the demo's benchmark and checkpoints.

    Args:
        raw: the configuration as Snakemake read it, of keys given twice the last.
        files: where it was read.
        scripts: the folder of the entry points.
        granted: what ``--resources gpu=`` allows, or None where it was not given.

    Raises:
        SnakeditError: for whatever a user can mend.
    """
    for path in files:
        read_yaml(path)
    where = ", ".join(map(str, files))
    data = settings.normalise(raw, where)
    config = settings.from_dict(data)
    for name, editor in config.editors.items():
        _result_params(EDITORS, editor, f"{where}: editors.{name}")
    for name, judge in config.judges.items():
        _result_params(JUDGES, judge, f"{where}: judges.{name}")
        load_rubric(judge.rubric, judge.prompts, f"{where}: judges.{name}.")
    _check_shown_editors(config, where)
    warn_of_missing_keys(config)
    _build_demo_files(config, scripts)
    indexes = {}
    for name, benchmark in config.benchmarks.items():
        with named(where, f"benchmarks.{name}.path"):
            indexes[name] = read_index(benchmark, Path("results", name, "index.json"))
    warn_of_unknown_categories(config, frozenset().union(*(index.names for index in indexes.values())))
    config_file = f"results/.run/config-{fingerprint(data)[:12]}.json"
    # Named by its content: what is there need not be written, nor may it be where results are only read.
    if not Path(config_file).exists():
        write_whole(config_file, [json.dumps(data, indent=1, ensure_ascii=False)])
    return Plan(
        config=config,
        config_file=config_file,
        indexes=indexes,
        device_count=_device_count(config, granted),
        editor_recipes={name: canonical(content) for name, content in editor_recipes(config, where).items()},
        judge_recipes={name: canonical(content) for name, content in judge_recipes(config, where).items()},
    )


def editor_recipes(config: Config, where: str) -> dict[str, dict[str, Any]]:
    """Return editor → what all its edits depend on.

    Raises:
        ConfigError: for params that its type does not take; ``where`` names the configuration.
        CheckpointError: if a model is not to be found.
    """
    recipes = {}
    for name, editor in config.editors.items():
        family = EDITORS[editor.type]
        params = _result_params(EDITORS, editor, f"{where}: editors.{name}")
        seed = config.run.seed if family.seeded else None
        with named(where, f"editors.{name}.model"):
            recipes[name] = recipe.editor_recipe(editor, family.model_kind, params, seed)
    return recipes


def judge_recipes(config: Config, where: str) -> dict[str, dict[str, Any]]:
    """Return judge → what all its scores depend on; see `editor_recipes`."""
    recipes = {}
    for name, judge in config.judges.items():
        params = _result_params(JUDGES, judge, f"{where}: judges.{name}")
        rubric = load_rubric(judge.rubric, judge.prompts, f"{where}: judges.{name}.").content()
        with named(where, f"judges.{name}.model"):
            recipes[name] = recipe.judge_recipe(judge, JUDGES[judge.type].model_kind, params, rubric)
    return recipes


def _result_params(registry: Registry[Any], entry: EditorConfig | JudgeConfig, where: str) -> dict[str, Any]:
    family = registry.find(entry.type, f"{where}.type")
    if family.model_kind == "none" and entry.model is not None:
        raise ConfigError(f"the type '{entry.type}' takes no model", where=f"{where}.model")
    if family.model_kind != "none" and entry.model is None:
        raise ConfigError(
            f"the type '{entry.type}' needs a model",
            where=f"{where}.model",
            allowed=_MODELS[family.model_kind],
        )
    params = settings.read_params(family.Params, entry.params, f"{where}.params")
    return recipe.result_params(params, family.execution_params)


def _device_count(config: Config, granted: int | None) -> int:
    """The limit given to Snakemake, within the configuration's; without one, the devices on this host."""
    needed = [EDITORS[editor.type].needs_device for editor in config.editors.values()]
    needed += [JUDGES[judge.type].needs_device for judge in config.judges.values()]
    if not any(needed):
        return 0
    if granted is None or device_kind(config.run.devices) == "cpu":
        return count_devices(config.run.devices)
    return min(granted, config.run.devices.count or granted)


def _check_shown_editors(config: Config, where: str) -> None:
    for name, editor in config.editors.items():
        of = editor.params.get("of")
        if of is not None and (of == name or of not in config.editors):
            others = [other for other in config.editors if other != name]
            raise ConfigError(
                f"'{of}' is not another editor of this configuration",
                where=f"{where}: editors.{name}.params.of",
                allowed=", ".join(others),
            )
    shown = {name: editor.params["of"] for name, editor in config.editors.items() if editor.params.get("of")}
    for name in shown:
        chain = [name]
        while chain[-1] in shown and chain.count(chain[-1]) == 1:
            chain.append(shown[chain[-1]])
        if chain[-1] == name and len(chain) > 1:
            raise ConfigError(
                f"these show each other's edits: {' → '.join(chain)}",
                where=f"{where}: editors.{name}.params.of",
                allowed="an editor that makes its own",
            )


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
