"""Editors and judges, resolved once when a run is planned.

A job resolves nothing again: it is given the recipe that its results are stored under, together with the
parameters, the rubric's content and the model that made that recipe. Whatever changes later, such as a rubric
file, belongs to the next run.
"""

import json
from collections.abc import Mapping
from typing import Any

from snakedit import recipe as recipes
from snakedit.config import load as settings
from snakedit.config.params import read_params
from snakedit.config.schema import Config, EditorConfig, JudgeConfig
from snakedit.config.texts import typed_texts
from snakedit.core.errors import ConfigError, named
from snakedit.core.hashing import canonical
from snakedit.core.registry import Registry
from snakedit.editors import EDITORS
from snakedit.judges import JUDGES
from snakedit.judges.rubrics.rubric import Rubric
from snakedit.judges.rubrics.rubric_file import load_rubric
from snakedit.sources import FORMATS
from snakedit.workflow.resolved import ResolvedEditor, ResolvedJudge, Run

DEFAULT_RUBRIC = "viescore"
_MODELS = {"checkpoint": "a hub name or a local folder", "endpoint": "the name that its server knows it by"}


def check_families(config: Config, where: str) -> None:
    """Check the types, params and rubrics of editors and judges, before anything is built or hashed.

    Args:
        where: names the configuration in messages.

    Raises:
        ConfigError: for params, types or rubrics that cannot be meant.
    """
    for name, editor in config.editors.items():
        _check_model(EDITORS, editor, f"{where}: editors.{name}")
        _check_languages(editor, config, f"{where}: editors.{name}.type")
    for name, judge in config.judges.items():
        _check_model(JUDGES, judge, f"{where}: judges.{name}")
        _rubric_of(judge, where)
        _check_devices(judge, config, where)


def typed_params(data: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration in which `params` that come from the command line have their family's types.

    Args:
        data: as `snakedit.config.load.normalise` returns it.
        given: the part of it that comes from the command line.
    """
    registries: dict[str, tuple[str, Registry[Any]]] = {
        "benchmarks": ("format", FORMATS),
        "editors": ("type", EDITORS),
        "judges": ("type", JUDGES),
    }
    for section, (key, registry) in registries.items():
        for name, entry in data[section].items():
            params = _below(given, section, name, "params")
            if params:
                family = registry.find(entry[key], f"{section}.{name}.{key}")
                entry["params"] = typed_texts(family.Params, entry["params"], params)
    return data


def _below(given: Any, *keys: str) -> Any:
    """What was given at a place; None where nothing was."""
    for key in keys:
        given = given.get(key) if isinstance(given, Mapping) else None
    return given


def resolve(data: dict[str, Any], where: str) -> Run:
    """Resolve the editors and judges of a normalised configuration that `check_families` has passed.

    Args:
        data: as `snakedit.config.load.normalise` returns it.
        where: names the configuration in messages.

    Raises:
        CheckpointError: if a model is not to be found.
    """
    config = settings.from_dict(data)
    return Run(
        config=config,
        editors={name: _editor(editor, config, where) for name, editor in config.editors.items()},
        judges={name: _judge(judge, where) for name, judge in config.judges.items()},
        source=data,
    )


def _check_model(registry: Registry[Any], entry: EditorConfig | JudgeConfig, where: str) -> None:
    """Refuse a type that is not known, params that it does not take, and a model where it takes none."""
    family = registry.find(entry.type, f"{where}.type")
    if family.model_kind == "none" and entry.model is not None:
        raise ConfigError(f"the type '{entry.type}' takes no model", where=f"{where}.model")
    if family.model_kind != "none" and entry.model is None:
        raise ConfigError(
            f"the type '{entry.type}' needs a model",
            where=f"{where}.model",
            allowed=_MODELS[family.model_kind],
        )
    read_params(family.Params, entry.params, f"{where}.params")


def _check_languages(editor: EditorConfig, config: Config, where: str) -> None:
    """Refuse an editor that does not follow a benchmark's language."""
    languages = EDITORS[editor.type].languages
    for name, benchmark in config.benchmarks.items():
        if languages is not None and benchmark.language not in languages:
            raise ConfigError(
                f"'{editor.type}' does not follow '{benchmark.language}', benchmarks.{name}.language",
                where=where,
                allowed=f"a benchmark in {' or '.join(languages)}",
            )


def _check_devices(judge: JudgeConfig, config: Config, where: str) -> None:
    """Refuse devices of a judge's own that may be the run's or another judge's too."""
    if judge.devices is None:
        return
    place = f"{where}: judges.{judge.name}.devices"
    if judge.devices.ids is None:
        raise ConfigError("name them", where=f"{place}.ids", allowed="such as [6, 7]")
    if config.run.devices.ids is None:
        raise ConfigError(
            f"judges.{judge.name} has devices of its own, so name those of all others",
            where=f"{where}: run.devices.ids",
            allowed="such as [0, 1, 2, 3, 4, 5]",
        )
    others = {"run.devices": config.run.devices} | {
        f"judges.{name}.devices": other.devices
        for name, other in config.judges.items()
        if other.devices is not None and name != judge.name
    }
    for name, devices in others.items():
        for shared in sorted(set(map(str, judge.devices.ids)) & set(map(str, devices.ids or ()))):
            raise ConfigError(f"'{shared}' is one of {name} too", where=f"{place}.ids")


def _common(entry: EditorConfig | JudgeConfig, family: Any, params: Any, recipe: Mapping[str, Any]) -> Any:
    return {
        "name": entry.name,
        "type": entry.type,
        "model": entry.model,
        "revision": recipe["revision"],
        "params": json.loads(canonical(params.model_dump())),
        "recipe": json.loads(canonical(recipe)),
        "simulated": family.simulated,
        "needs_device": family.needs_device,
        "asks_server": family.model_kind == "endpoint",
    }


def _result_params(params: Any, family: Any) -> dict[str, Any]:
    return recipes.result_params(params, family.execution_params, family.later_params)


def _editor(editor: EditorConfig, config: Config, where: str) -> ResolvedEditor:
    family = EDITORS[editor.type]
    params: Any = read_params(family.Params, editor.params, f"{where}: editors.{editor.name}.params")
    seed = config.run.seed if family.seeded else None
    with named(where, f"editors.{editor.name}.model"):
        recipe = recipes.editor_recipe(
            editor, family.model_kind, _result_params(params, family), seed, config.run.row_seeds
        )
    return ResolvedEditor(
        **_common(editor, family, params, recipe),
        role=family.role,
        is_right=family.is_right,
        shows=list(family.shows(params)),
    )


def _judge(judge: JudgeConfig, where: str) -> ResolvedJudge:
    family = JUDGES[judge.type]
    params: Any = read_params(family.Params, judge.params, f"{where}: judges.{judge.name}.params")
    rubric = _rubric_of(judge, where)
    with named(where, f"judges.{judge.name}.model"):
        recipe = recipes.judge_recipe(
            judge, family.model_kind, _result_params(params, family), rubric.content()
        )
    return ResolvedJudge(
        **_common(judge, family, params, recipe),
        rubric=json.loads(canonical(rubric.content())),
        rubric_name=judge.rubric if family.own_rubric(params) is None else rubric.name,
        reading=judge.reading,
        batch_size=judge.batch_size,
        min_scale_mass=judge.min_scale_mass,
        samples=judge.samples,
        devices=None if judge.devices is None else json.loads(canonical(judge.devices.model_dump())),
    )


def _rubric_of(judge: JudgeConfig, where: str) -> Rubric:
    """The rubric that a judge is asked by, or that of a family which computes its own numbers."""
    family = JUDGES[judge.type]
    params: Any = read_params(family.Params, judge.params, f"{where}: judges.{judge.name}.params")
    own = family.own_rubric(params)
    if own is None:
        rubric = load_rubric(judge.rubric, judge.prompts, f"{where}: judges.{judge.name}.")
        unasked = [metric.name for metric in rubric.metrics if not metric.question]
        if unasked:
            raise ConfigError(
                f"the rubric '{rubric.name}' has no question for {', '.join(unasked)}",
                where=f"{where}: judges.{judge.name}.rubric",
                allowed="a question for each metric, since this type is asked",
            )
        return rubric
    if judge.rubric != DEFAULT_RUBRIC or judge.prompts:
        raise ConfigError(
            f"the type '{judge.type}' computes its numbers and is asked nothing",
            where=f"{where}: judges.{judge.name}.rubric",
            hint="leave rubric and prompts out",
        )
    return own
