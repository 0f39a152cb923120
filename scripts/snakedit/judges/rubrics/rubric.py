"""Rubrics: what a judge is asked, on which scale, and how its answers make an item's score."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from snakedit.config.load import CONFIG_FOLDER, check_schema
from snakedit.config.strict_yaml import read_yaml
from snakedit.core.errors import ConfigError, did_you_mean
from snakedit.core.records import Item
from snakedit.judges.rubrics.formulas import FORMULAS
from snakedit.judges.rubrics.templates import ALIASES, FIELDS, check_template, fill, has

RUBRICS = CONFIG_FOLDER / "rubrics"
SCHEMA = CONFIG_FOLDER / "schemas" / "rubric.schema.yaml"
YES_NO = "yes_no"
# Images that only some items have.
EXTRA_IMAGES = frozenset({"reference", "mask"})


@dataclass(frozen=True)
class When:
    """The items that a question is asked of: with these fields, without those, in no such category."""

    has: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    not_categories: tuple[str, ...] = ()


@dataclass(frozen=True)
class Metric:
    """One question.

    Attributes:
        shows: ``source``, ``edit``, ``reference`` and ``mask``, in the order they are shown.
        low, high: ends of its scale; every whole number between them is on it. Yes is 1 and no is 0.
        question: a template, filled from the item's fields; empty for a number that is computed.
        yes_no: whether the answer is yes or no.
        questions: category → a question in the place of `question`.
    """

    name: str
    shows: tuple[str, ...]
    low: int
    high: int
    question: str
    yes_no: bool = False
    questions: Mapping[str, str] = field(default_factory=dict)
    when: When = When()

    @property
    def is_always_asked(self) -> bool:
        """Whether the question is asked of every item."""
        return self.when == When() and not set(self.shows) & EXTRA_IMAGES

    def is_asked_of(self, item: Item) -> bool:
        """Say whether the question is asked of an item; one that shows a reference or a mask needs it."""
        return (
            all(has(item, name) for name in self.when.has)
            and not any(has(item, name) for name in self.when.lacks)
            and item.category not in self.when.not_categories
            and all(getattr(item, role) is not None for role in EXTRA_IMAGES & set(self.shows))
        )


@dataclass(frozen=True)
class Derived:
    """A number that follows from others' and is reported beside them."""

    name: str
    formula: str
    of: tuple[str, ...]


@dataclass(frozen=True)
class Rubric:
    """A rubric file, with the prompts that a configuration adds for single categories.

    Attributes:
        headline: the total that orders the leaderboard, ``macro`` or ``micro``.
        prompts: category → `system_prompt`, `user_prompt_template`, in the place of the rubric's own.
        of: the metrics that make the score; none for all.
        cap_by: the metric above which no other counts in the score, or None.
        derived: further numbers of an item.
    """

    name: str
    headline: str
    formula: str
    system: str | None
    metrics: tuple[Metric, ...]
    prompts: Mapping[str, Mapping[str, str | None]]
    of: tuple[str, ...] = ()
    cap_by: str | None = None
    derived: tuple[Derived, ...] = ()

    def content(self) -> dict[str, Any]:
        """Return all that a score depends on, for its fingerprint; comments and sources have no part."""
        return asdict(self)

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> "Rubric":
        """Return the rubric with this `content`, which may have gone through JSON."""
        metrics = (
            Metric(**{**m, "shows": tuple(m["shows"]), "when": When(**_with_tuples(m["when"]))})
            for m in content["metrics"]
        )
        derived = tuple(Derived(**_with_tuples(entry)) for entry in content["derived"])
        return cls(**{**_with_tuples(content), "metrics": tuple(metrics), "derived": derived})

    def asked_of(self, item: Item) -> tuple[Metric, ...]:
        """Return the metrics that are asked of an item, in the rubric's order."""
        return tuple(metric for metric in self.metrics if metric.is_asked_of(item))

    def system_prompt(self, item: Item) -> str | None:
        """Return the system prompt for an item."""
        return self.prompts.get(item.category, {}).get("system_prompt") or self.system

    def question(self, metric: Metric, item: Item) -> str:
        """Return a metric's question for an item."""
        own = self.prompts.get(item.category, {}).get("user_prompt_template")
        return fill(own or metric.questions.get(item.category, metric.question), item)

    def scales(self) -> dict[str, tuple[float, float]]:
        """Return metric → ends of its scale, with the derived numbers and, as ``score``, the item's score.

        Every formula rises with its metrics, so its ends are those of all metrics at theirs.
        """
        own = {m.name: (float(m.low), float(m.high)) for m in self.metrics}
        derived = {d.name: self._range(d.formula, d.of) for d in self.derived}
        return {**own, **derived, "score": self._range(self.formula, self.of)}

    def with_derived(self, values: Mapping[str, float | None], item: Item) -> dict[str, float | None]:
        """Return an item's values with the numbers that follow from them, None where one is missing.

        A number whose metrics are not asked of the item is left out, as such a metric is.
        """
        derived = {
            d.name: self._compute(d.formula, d.of, values, item)
            for d in self.derived
            if self._asked_among(d.of, item)
        }
        return {**values, **derived}

    def score(self, values: Mapping[str, float | None], item: Item) -> float | None:
        """Return the item's score by the rubric's formula, None where a value is missing or none is asked."""
        if any(values.get(metric.name) is None for metric in self.asked_of(item)):
            return None
        return self._compute(self.formula, self.of, self._capped(values), item)

    def _compute(
        self, formula: str, of: tuple[str, ...], values: Mapping[str, float | None], item: Item
    ) -> float | None:
        names = self._asked_among(of, item)
        known = {name: value for name in names if (value := values.get(name)) is not None}
        return FORMULAS[formula].compute(known) if names and len(known) == len(names) else None

    def _asked_among(self, of: tuple[str, ...], item: Item) -> list[str]:
        return [metric.name for metric in self.asked_of(item) if not of or metric.name in of]

    def _range(self, formula: str, of: tuple[str, ...]) -> tuple[float, float]:
        used = [metric for metric in self.metrics if not of or metric.name in of]
        low = FORMULAS[formula].compute({metric.name: float(metric.low) for metric in used})
        return low, FORMULAS[formula].compute({metric.name: float(metric.high) for metric in used})

    def _capped(self, values: Mapping[str, float | None]) -> Mapping[str, float | None]:
        cap = None if self.cap_by is None else values.get(self.cap_by)
        if cap is None:
            return values
        return {name: None if value is None else min(value, cap) for name, value in values.items()}


def _with_tuples(content: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in content.items()}


def load_rubric(
    name: str, prompts: Mapping[str, Mapping[str, str | None]] | None = None, asked_by: str = ""
) -> Rubric:
    """Return a rubric that ships with snakedit, by name, or a user's own, by the path of its file.

    Args:
        name: such as ``viescore``, or a path that ends in .yaml.
        prompts: of the judge's configuration, for rubrics of one metric.
        asked_by: the judge's place in the configuration, with a dot at its end, for messages.

    Raises:
        ConfigError: if the file is missing or not a rubric, or a prompt names an unknown field.
    """
    path = Path(name) if name.endswith((".yaml", ".yml")) else RUBRICS / f"{name}.yaml"
    if not path.is_file():
        known = sorted(file.stem for file in RUBRICS.glob("*.yaml"))
        raise ConfigError(
            f"there is no rubric '{name}'{did_you_mean(name, known)}",
            where=f"{asked_by}rubric",
            allowed=f"{', '.join(known)}, or the path of a .yaml file",
        )
    data = check_schema(read_yaml(path), SCHEMA, str(path))
    metrics = tuple(_metric(name, entry, str(path)) for name, entry in data["metrics"].items())
    rubric = Rubric(
        data["name"],
        data["headline"],
        data["formula"],
        data["system"],
        metrics,
        dict(prompts or {}),
        tuple(data["of"]),
        data["cap_by"],
        tuple(Derived(name, entry["formula"], tuple(entry["of"])) for name, entry in data["derived"].items()),
    )
    _check(rubric, tuple(data["fields"]), str(path), asked_by)
    return rubric


def _metric(name: str, entry: Mapping[str, Any], where: str) -> Metric:
    scale = entry["scale"]
    if isinstance(scale, str) and scale != YES_NO:
        raise ConfigError(
            f"'metrics.{name}.scale': '{scale}' is not known",
            where=where,
            allowed=f"{YES_NO}, or both ends such as [0, 10]",
        )
    low, high = (0, 1) if scale == YES_NO else scale
    if low >= high:
        raise ConfigError(f"'metrics.{name}.scale': {low} is not below {high}", where=where)
    when = entry["when"]
    return Metric(
        name,
        tuple(entry["shows"]),
        low,
        high,
        entry["question"].strip(),
        scale == YES_NO,
        {category: question.strip() for category, question in entry["questions"].items()},
        When(tuple(when["has"]), tuple(when["lacks"]), tuple(when["not_categories"])),
    )


def _check(rubric: Rubric, fields: tuple[str, ...], where: str, asked_by: str) -> None:
    """Refuse what the schema cannot see: names that stand for nothing, formulas on the wrong metrics."""
    metrics = {metric.name: metric for metric in rubric.metrics}
    _check_names("cap_by", [rubric.cap_by] if rubric.cap_by else [], metrics, where)
    _check_formula("formula", rubric.formula, rubric.of, metrics, where)
    for derived in rubric.derived:
        if derived.name in metrics:
            raise ConfigError(f"'derived.{derived.name}' is a metric already", where=where)
        _check_formula(f"derived.{derived.name}.formula", derived.formula, derived.of, metrics, where)
    for metric in rubric.metrics:
        key = f"metrics.{metric.name}"
        known = (*FIELDS, *ALIASES, "reference", "mask", *fields)
        _check_names(f"{key}.when", [*metric.when.has, *metric.when.lacks], known, where)
        check_template(metric.question, f"{where}: {key}.question", fields)
        for category, question in metric.questions.items():
            check_template(question, f"{where}: {key}.questions.{category}", fields)
    if rubric.prompts and len(metrics) > 1:
        raise ConfigError(
            f"the rubric '{rubric.name}' asks {len(metrics)} questions of its own",
            where=f"{asked_by}prompts",
            allowed="prompts with a rubric of one metric, such as single",
        )
    for category, prompt in rubric.prompts.items():
        place = f"{asked_by}prompts.{category}.user_prompt_template"
        check_template(str(prompt["user_prompt_template"]), place, fields)


def _check_formula(
    key: str, formula: str, of: tuple[str, ...], metrics: Mapping[str, Metric], where: str
) -> None:
    _check_names(key, [formula], FORMULAS, where)
    _check_names(f"{key.removesuffix('formula')}of", of, metrics, where)
    used = [metrics[name] for name in of or metrics]
    known = FORMULAS[formula]
    if known.metrics is not None and {metric.name for metric in used} != known.metrics:
        raise ConfigError(
            f"'{key}': '{formula}' takes other metrics", where=where, allowed=", ".join(sorted(known.metrics))
        )
    sometimes = [metric.name for metric in used if metric.name in known.needs and not metric.is_always_asked]
    if sometimes:
        raise ConfigError(
            f"'{key}': '{formula}' needs '{sometimes[0]}' of every item",
            where=where,
            allowed="no 'when' there, and no reference among what it shows",
        )
    if known.scale is not None and any((metric.low, metric.high) != known.scale for metric in used):
        raise ConfigError(
            f"'{key}': '{formula}' takes metrics on another scale",
            where=where,
            allowed=f"[{known.scale[0]}, {known.scale[1]}]",
        )


def _check_names(key: str, names: Any, known: Any, where: str) -> None:
    for name in names:
        if name not in known:
            raise ConfigError(
                f"'{key}': '{name}' is not known{did_you_mean(name, known)}",
                where=where,
                allowed=", ".join(known),
            )
