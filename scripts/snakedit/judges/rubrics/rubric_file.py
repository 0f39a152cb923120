"""Reading rubric files: the models of their keys, and the checks that need more than one key."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field

from snakedit.config.load import CONFIG_FOLDER
from snakedit.config.schema import STRICT, FromList, Unique
from snakedit.config.strict_yaml import check_json_values, place_of, read_yaml
from snakedit.config.validation import validated
from snakedit.core.errors import ConfigError, did_you_mean
from snakedit.judges.rubrics.formulas import FORMULAS
from snakedit.judges.rubrics.rubric import Derived, Metric, Rubric, When
from snakedit.judges.rubrics.templates import ALIASES, FIELDS, check_template

RUBRICS = CONFIG_FOLDER / "rubrics"
YES_NO = "yes_no"


def _named(what: str, pattern: str, allowed: str) -> AfterValidator:
    def check(name: str) -> str:
        if not re.fullmatch(pattern, name):
            raise ValueError(f"{name!r} cannot be a {what}; allowed: {allowed}")
        return name

    return AfterValidator(check)


def _read_scale(scale: Any) -> Any:
    if scale == YES_NO:
        return scale
    if not (isinstance(scale, list) and len(scale) == 2 and all(type(end) is int for end in scale)):
        raise ValueError(f"{scale!r} is not a scale; allowed: {YES_NO}, or both ends such as [0, 10]")
    low, high = scale
    if not 0 <= low < high <= 100:
        raise ValueError(f"{scale} is not a scale; allowed: whole numbers from 0 to 100, the lower one first")
    return scale


RubricName = Annotated[str, _named("name", "[a-z0-9_]+", "a to z, digits and '_'")]
MetricName = Annotated[
    str,
    _named(
        "metric",
        "(?!score$)[a-z][a-z0-9_]*",
        "a to z, digits and '_', beginning with a letter; not 'score', which is the item's own",
    ),
]
FieldName = Annotated[
    str,
    _named("field", "[A-Za-z_][A-Za-z0-9_]*", "letters, digits and '_', not beginning with a digit"),
]
Names = Annotated[tuple[str, ...], FromList, Unique]
Question = Annotated[str, Field(min_length=1)]


class _Part(BaseModel):
    model_config = STRICT


class WhenInFile(_Part):
    """The items of which a metric is asked. A field with null, '', 'no' or 'false' counts as missing."""

    has: Names = ()
    lacks: Names = ()
    not_categories: Names = ()


class MetricInFile(_Part):
    """One question; `questions` replaces it for single categories."""

    shows: Annotated[tuple[Literal["source", "edit", "reference", "mask"], ...], FromList, Unique] = Field(
        min_length=1
    )
    # Both ends, or yes_no, where yes is 1 and no is 0.
    scale: Annotated[Any, AfterValidator(_read_scale)]
    question: Question
    questions: dict[str, Question] = {}
    when: WhenInFile = WhenInFile()


class DerivedInFile(_Part):
    """A further number of an item, reported beside its metrics."""

    formula: str
    of: Names = ()


class RubricFile(_Part):
    """A rubric: the questions for one edit, and the formula that combines the answers into a score."""

    name: RubricName
    # The paper that the structure and the formula come from.
    source: str = Field(min_length=1)
    headline: Literal["macro", "micro"] = "macro"
    formula: str
    # The metrics in the formula; none for all.
    of: Names = ()
    # No metric counts for more than this one.
    cap_by: str | None = None
    derived: dict[MetricName, DerivedInFile] = {}
    # Fields of the benchmark's rows, beyond those of every item, that the questions name.
    fields: Annotated[tuple[FieldName, ...], FromList, Unique] = ()
    system: str | None = None
    metrics: dict[MetricName, MetricInFile] = Field(min_length=1)


def load_rubric(
    name: str, prompts: Mapping[str, Mapping[str, Any]] | None = None, asked_by: str = ""
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
    raw = read_yaml(path)
    check_json_values(raw, str(path))
    file = validated(RubricFile, raw, str(path))
    rubric = Rubric(
        file.name,
        file.headline,
        file.formula,
        file.system,
        tuple(_metric(metric, entry) for metric, entry in file.metrics.items()),
        dict(prompts or {}),
        file.of,
        file.cap_by,
        tuple(Derived(derived, entry.formula, entry.of) for derived, entry in file.derived.items()),
    )
    _check(rubric, file.fields, str(path), asked_by)
    return rubric


def _metric(name: str, entry: MetricInFile) -> Metric:
    low, high = (0, 1) if entry.scale == YES_NO else entry.scale
    return Metric(
        name,
        entry.shows,
        low,
        high,
        entry.question.strip(),
        entry.scale == YES_NO,
        {category: question.strip() for category, question in entry.questions.items()},
        When(entry.when.has, entry.when.lacks, entry.when.not_categories),
    )


def _check(rubric: Rubric, fields: tuple[str, ...], where: str, asked_by: str) -> None:
    """Refuse names that are not defined, and formulas on the wrong metrics."""
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
                where=place_of(where, key, name),
                allowed=", ".join(known),
            )
