"""The configuration as typed objects, checked against config/schemas and completed with its defaults.

`normalise` also reads the single-model form of older pipelines (one `diffusion_model`, one
`reward_model`), which `snakedit.config.single_model` turns into the general one.
"""

import dataclasses
import json
import types
import typing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from jsonschema import Draft202012Validator, validators
from jsonschema.exceptions import ValidationError, best_match

from snakedit.config.single_model import is_single_model, to_general
from snakedit.config.strict_yaml import check_plain, read_yaml, wrong_type
from snakedit.core.errors import ConfigError, did_you_mean

CONFIG_FOLDER = Path(__file__).resolve().parents[3] / "config"
SCHEMA = CONFIG_FOLDER / "schemas" / "config.schema.yaml"
# What is built on the spot for the demo: its benchmark, its judge, and models with random weights.
DEMO_FOLDER = Path("results/.demo")
DEMO_JUDGE_NAME = "demo-judge"
_BOUNDS = {"minimum": "{} or more", "maximum": "{} or less", "exclusiveMinimum": "above {}"}


@dataclass(frozen=True)
class BenchmarkConfig:
    """Where a benchmark's items come from; `path` is relative to the working directory."""

    name: str
    format: str
    path: str
    categories: tuple[str, ...] | None
    language: str
    limit: int | None
    params: dict[str, Any] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True)
class EditorConfig:
    """One editor: a type of `snakedit.editors.EDITORS`, its weights, and its parameters."""

    name: str
    type: str
    model: str | None
    revision: str | None
    params: dict[str, Any]


@dataclass(frozen=True)
class JudgeConfig:
    """One judge: a type of `snakedit.judges.JUDGES`, its weights, its rubric and how it is read."""

    name: str
    type: str
    model: str | None
    revision: str | None
    rubric: str
    reading: str
    batch_size: int
    min_scale_mass: float
    samples: int
    prompts: dict[str, dict[str, str | None]]
    params: dict[str, Any]


@dataclass(frozen=True)
class DevicesConfig:
    """Which devices may be leased: by kind, by index or UUID, and how many (None: all).

    `memory_gib` is each one's memory, None for what NVML tells.
    """

    kind: str
    ids: tuple[int | str, ...] | None
    count: int | None
    memory_gib: float | None = None


@dataclass(frozen=True)
class RunConfig:
    """How a run is carried out. Only `seed` changes a result. Times are in seconds."""

    seed: int
    devices: DevicesConfig
    resident: bool
    idle_timeout: float
    item_timeout: float
    max_failures: int | None
    refresh: tuple[str, ...]
    shard_items: int
    baseline_items: int | None
    baseline_swap: str


@dataclass(frozen=True)
class ReportConfig:
    """The control AUC (0–1) below which a judge is warned of, and how many pictures get thumbnails."""

    min_control_auc: float
    max_thumbnails: int


@dataclass(frozen=True)
class Config:
    """A whole experiment."""

    benchmarks: dict[str, BenchmarkConfig]
    editors: dict[str, EditorConfig]
    judges: dict[str, JudgeConfig]
    run: RunConfig
    report: ReportConfig


def load(path: str | Path) -> Config:
    """Read a configuration file (YAML or JSON); see `read` for the errors."""
    return from_dict(read(path))


def read(path: str | Path) -> dict[str, Any]:
    """Return a configuration file's content (YAML or JSON), normalised.

    Raises:
        ConfigError: if it is unreadable or not what the schema allows.
    """
    return normalise(read_yaml(path), str(path))


def normalise(raw: Any, where: str) -> dict[str, Any]:
    """Return the configuration in its general form, checked and complete.

    Args:
        raw: as read from YAML, in the general or the single-model form. It is not changed.
        where: the file's name, for messages.

    Raises:
        ConfigError: naming the first key that is wrong and what is allowed there.
    """
    if not isinstance(raw, dict):
        raise ConfigError("not a mapping of keys to values", where=where)
    check_plain(raw, where)
    data: dict[str, Any] = json.loads(json.dumps(raw))
    if is_single_model(data):
        data = to_general(data, where)
    data = check_schema(data, SCHEMA, where)
    for name, judge in data["judges"].items():
        if judge["samples"] > 1 and judge["reading"] != "generate":
            raise ConfigError(
                f"'judges.{name}.samples': {judge['samples']} answers cannot be drawn from probabilities",
                where=where,
                allowed="1, or `reading: generate`",
            )
    return data


def check_schema(data: Any, schema_path: Path, where: str) -> dict[str, Any]:
    """Return data after it was checked against a schema and its defaults were filled in, in place.

    Raises:
        ConfigError: naming the first key that is wrong and what is allowed there.
    """
    schema = yaml.safe_load(schema_path.read_text(encoding="utf-8"))
    error = best_match(_completing_validator()(schema).iter_errors(data))
    if error is not None:
        raise _config_error(error, where)
    checked: dict[str, Any] = data
    return checked


def from_dict(data: dict[str, Any]) -> Config:
    """Return a normalised configuration as typed objects."""
    run = dict(data["run"])
    devices = run.pop("devices")
    return Config(
        benchmarks={
            name: BenchmarkConfig(name=name, **{**entry, "categories": _tuple(entry["categories"])})
            for name, entry in data["benchmarks"].items()
        },
        editors={name: EditorConfig(name=name, **entry) for name, entry in data["editors"].items()},
        judges={name: JudgeConfig(name=name, **entry) for name, entry in data["judges"].items()},
        run=RunConfig(
            devices=DevicesConfig(**{**devices, "ids": _tuple(devices["ids"])}),
            refresh=tuple(run.pop("refresh")),
            **run,
        ),
        report=ReportConfig(**data["report"]),
    )


Params = TypeVar("Params")


def read_params(kind: type[Params], raw: dict[str, Any], where: str) -> Params:
    """Return an editor's or a judge's `params` as its own dataclass, with the defaults filled in.

    Raises:
        ConfigError: for an unknown or missing key, or a value of the wrong type.
    """
    hints = typing.get_type_hints(kind)
    for key, value in raw.items():
        if key not in hints:
            allowed = ", ".join(sorted(hints)) or "no params"
            raise ConfigError(
                f"unknown key{did_you_mean(key, hints)}", where=f"{where}.{key}", allowed=allowed
            )
        if not _is_instance(value, hints[key]):
            raise wrong_type("", value, hints[key], f"{where}.{key}")
    # 4 and 4.0 are one value, and must make one recipe.
    raw = {key: float(value) if hints[key] is float else value for key, value in raw.items()}
    try:
        return kind(**raw)
    except TypeError:
        required = [
            f.name
            for f in dataclasses.fields(kind)  # type: ignore[arg-type]
            if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
        ]
        missing = next(name for name in required if name not in raw)
        raise ConfigError(f"'{missing}' must be given", where=where) from None
    except ValueError as error:
        raise ConfigError(str(error), where=where) from None


def _is_instance(value: object, hint: Any) -> bool:
    if isinstance(hint, types.UnionType):
        return any(_is_instance(value, option) for option in typing.get_args(hint))
    origin = typing.get_origin(hint)
    if origin is dict:
        key_hint, value_hint = typing.get_args(hint)
        return isinstance(value, dict) and all(
            _is_instance(k, key_hint) and _is_instance(v, value_hint) for k, v in value.items()
        )
    if origin is list:
        (element,) = typing.get_args(hint)
        return isinstance(value, list) and all(_is_instance(v, element) for v in value)
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return hint is Any or isinstance(value, hint)


def _tuple(values: list[Any] | None) -> tuple[Any, ...] | None:
    return None if values is None else tuple(values)


@cache
def _completing_validator() -> Any:
    """A JSON schema validator that fills in defaults before it looks at the properties."""
    check_properties = Draft202012Validator.VALIDATORS["properties"]

    def complete(validator: Any, properties: Any, instance: Any, schema: Any) -> Any:
        if isinstance(instance, dict):
            for key, subschema in properties.items():
                if "default" in subschema:
                    instance.setdefault(key, json.loads(json.dumps(subschema["default"])))
        yield from check_properties(validator, properties, instance, schema)

    return validators.extend(Draft202012Validator, {"properties": complete})


def _config_error(error: ValidationError, where: str) -> ConfigError:
    key = ".".join(str(part) for part in error.absolute_path)
    if error.validator == "additionalProperties":
        known = error.schema["properties"]
        unknown = next(name for name in error.instance if name not in known)
        path = f"{key}.{unknown}" if key else unknown
        return ConfigError(
            f"unknown key '{path}'{did_you_mean(unknown, known)}",
            where=where,
            allowed=", ".join(known),
        )
    subject = f"'{key}': " if key else ""
    if error.validator == "required":
        missing = next(name for name in error.validator_value if name not in error.instance)
        return ConfigError(f"{subject}the key '{missing}' is missing", where=where)
    if error.validator == "type":
        return wrong_type(subject, error.instance, error.validator_value, where)
    if error.validator in _BOUNDS:
        allowed = _BOUNDS[error.validator].format(error.validator_value)
        return ConfigError(f"{subject}{error.instance!r} is out of range", where=where, allowed=allowed)
    if error.validator == "enum":
        allowed = ", ".join(map(str, error.validator_value))
        return ConfigError(f"{subject}{error.instance!r} is not known", where=where, allowed=allowed)
    if error.validator == "pattern":
        return ConfigError(
            f"{subject}{error.instance!r} cannot be a {error.schema['title']}",
            where=where,
            allowed=error.schema["description"],
        )
    return ConfigError(f"{subject}{error.message}", where=where)
