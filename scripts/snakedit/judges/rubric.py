"""Rubrics: what a judge is asked, on which scale, and how its answers make an item's score."""

import math
import string
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from snakedit.config import CONFIG_FOLDER, check_schema
from snakedit.errors import ConfigError, did_you_mean
from snakedit.records import Item

RUBRICS = CONFIG_FOLDER / "rubrics"
SCHEMA = CONFIG_FOLDER / "schemas" / "rubric.schema.yaml"


@dataclass(frozen=True)
class Metric:
    """One question.

    Attributes:
        shows: ``source`` and ``edit``, in the order they are shown.
        low, high: ends of its scale; every whole number between them is on it.
        question: a template, filled from the item's fields.
    """

    name: str
    shows: tuple[str, ...]
    low: int
    high: int
    question: str


@dataclass(frozen=True)
class Rubric:
    """A rubric file, with the prompts that a configuration adds for single categories.

    Attributes:
        headline: the total that orders the leaderboard, ``macro`` or ``micro``.
        prompts: category → `system_prompt`, `user_prompt_template`, in the place of the rubric's own.
    """

    name: str
    headline: str
    formula: str
    system: str | None
    metrics: tuple[Metric, ...]
    prompts: Mapping[str, Mapping[str, str | None]]

    def content(self) -> dict[str, Any]:
        """Return all that a score depends on, for its fingerprint; comments and sources have no part."""
        return {**asdict(self), "metrics": [asdict(metric) for metric in self.metrics]}

    def system_prompt(self, item: Item) -> str | None:
        """Return the system prompt for an item."""
        return self.prompts.get(item.category, {}).get("system_prompt") or self.system

    def question(self, metric: Metric, item: Item) -> str:
        """Return a metric's question for an item."""
        template = self.prompts.get(item.category, {}).get("user_prompt_template") or metric.question
        return fill(template, item)

    def score(self, values: Mapping[str, float | None]) -> float | None:
        """Return the item's score by the rubric's formula, or None where a value is missing."""
        known = {name: value for name, value in values.items() if value is not None}
        return FORMULAS[self.formula](known) if len(known) == len(self.metrics) else None


def _viescore(values: Mapping[str, float]) -> float:
    """sqrt(SC · PQ) with SC = min(success, over-editing), PQ = min(naturalness, artefacts); 0–10."""
    consistency = min(values["success"], values["overediting"])
    return math.sqrt(consistency * min(values["naturalness"], values["artefacts"]))


FORMULAS: Mapping[str, Callable[[Mapping[str, float]], float]] = {
    "viescore": _viescore,
    "mean": lambda values: sum(values.values()) / len(values),
    "min": lambda values: min(values.values()),
    "geometric_mean": lambda values: math.prod(values.values()) ** (1 / len(values)),
}
_FORMULA_METRICS = {"viescore": {"success", "overediting", "naturalness", "artefacts"}}


def load_rubric(name: str, prompts: Mapping[str, Mapping[str, str | None]] | None = None) -> Rubric:
    """Return a rubric that ships with snakedit, by name, or a user's own, by the path of its file.

    Args:
        name: such as ``viescore``, or a path that ends in .yaml.
        prompts: of the judge's configuration, for rubrics of one metric.

    Raises:
        ConfigError: if the file is missing or not a rubric, or a prompt names an unknown field.
    """
    path = Path(name) if name.endswith((".yaml", ".yml")) else RUBRICS / f"{name}.yaml"
    if not path.is_file():
        known = sorted(file.stem for file in RUBRICS.glob("*.yaml"))
        raise ConfigError(
            f"there is no rubric '{name}'{did_you_mean(name, known)}",
            where="rubric",
            allowed=f"{', '.join(known)}, or the path of a .yaml file",
        )
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"cannot be read ({error})", where=str(path)) from None
    data = check_schema(data, SCHEMA, str(path))
    if data["formula"] not in FORMULAS:
        raise ConfigError(
            f"'formula': '{data['formula']}' is not known{did_you_mean(data['formula'], FORMULAS)}",
            where=str(path),
            allowed=", ".join(FORMULAS),
        )
    needed = _FORMULA_METRICS.get(data["formula"], set(data["metrics"]))
    if set(data["metrics"]) != needed:
        raise ConfigError(
            f"the formula '{data['formula']}' takes other metrics",
            where=str(path),
            allowed=", ".join(sorted(needed)),
        )
    if prompts and len(data["metrics"]) > 1:
        raise ConfigError(
            f"the rubric '{data['name']}' asks {len(data['metrics'])} questions of its own",
            where="prompts",
            allowed="prompts with a rubric of one metric, such as single",
        )
    metrics = tuple(
        Metric(metric, tuple(entry["shows"]), entry["scale"][0], entry["scale"][1], entry["question"].strip())
        for metric, entry in data["metrics"].items()
    )
    for metric in metrics:
        if metric.low >= metric.high:
            raise ConfigError(
                f"'metrics.{metric.name}.scale': {metric.low} is not below {metric.high}", where=str(path)
            )
        _check_template(metric.question, f"{path}: metrics.{metric.name}.question")
    for category, prompt in (prompts or {}).items():
        _check_template(str(prompt["user_prompt_template"]), f"prompts.{category}.user_prompt_template")
    return Rubric(
        data["name"], data["headline"], data["formula"], data["system"], metrics, dict(prompts or {})
    )


# The names that older scripts' templates use, beside those of the record.
_ALIASES = {
    "edit_instruction": "instruction",
    "original_description": "description",
    "rationale_short": "rationale",
    "subset": "category",
}
_FIELDS = ("instruction", "description", "rationale", "category", "tags", "difficulty", "id")


def fill(template: str, item: Item) -> str:
    """Return a template with ``{field}`` replaced by the item's fields; ``{{`` and ``}}`` are braces.

    Only plain names are replaced: what stands in a stranger's file is never evaluated.
    """
    parts = []
    for literal, name, _, _ in string.Formatter().parse(template):
        parts.append(literal)
        if name is not None:
            value = getattr(item, _ALIASES.get(name, name))
            parts.append(", ".join(value) if isinstance(value, list) else str(value or ""))
    return "".join(parts)


def _check_template(template: str, where: str) -> None:
    allowed = ", ".join(f"{{{name}}}" for name in (*_FIELDS, *_ALIASES))
    try:
        names = list(string.Formatter().parse(template))
    except ValueError as error:
        raise ConfigError(
            f"not a template ({error})", where=where, hint="write a brace that is meant as {{ or }}"
        ) from None
    for _, name, specification, conversion in names:
        if name is None:
            continue
        if name not in (*_FIELDS, *_ALIASES) or specification or conversion:
            raise ConfigError(
                f"'{{{name}}}' is no field{did_you_mean(name, (*_FIELDS, *_ALIASES))}",
                where=where,
                allowed=allowed,
                hint="write a brace that is meant as {{ or }}",
            )
