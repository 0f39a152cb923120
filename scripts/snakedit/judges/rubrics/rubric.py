"""Rubrics: what a judge is asked, on which scale, and how its answers make an item's score."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from snakedit.core.records import Item
from snakedit.judges.rubrics.formulas import FORMULAS
from snakedit.judges.rubrics.templates import fill, has

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
        """Return metric → ends of its scale, with derived numbers, parts and, as ``score``, the item's score.

        Every formula rises with its metrics, so its ends are those of all metrics at theirs.
        """
        own = {m.name: (float(m.low), float(m.high)) for m in self.metrics}
        derived = {d.name: self._range(d.formula, d.of) for d in self.derived}
        parts = {
            name: (min(own[metric][0] for metric in of), min(own[metric][1] for metric in of))
            for name, of in self.parts.items()
        }
        return {**own, **derived, **parts, "score": self._range(self.formula, self.of)}

    @property
    def parts(self) -> dict[str, tuple[str, ...]]:
        """The formula's parts (`Formula.parts`), without those whose names the rubric uses itself."""
        taken = {metric.name for metric in self.metrics} | {derived.name for derived in self.derived}
        return {name: of for name, of in FORMULAS[self.formula].parts.items() if name not in taken}

    def with_parts(self, values: Mapping[str, float | None]) -> dict[str, float | None]:
        """Return an item's values with the parts of its score, None where a value of a part is missing.

        They follow from the values, so no record holds them, and a rubric that has them asks no more.
        """
        capped = self._capped(values)
        parts: dict[str, float | None] = {}
        for name, of in self.parts.items():
            known = [value for metric in of if (value := capped.get(metric)) is not None]
            if any(metric in values for metric in of):
                parts[name] = min(known) if len(known) == len(of) else None
        return {**values, **parts}

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
