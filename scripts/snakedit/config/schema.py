"""The models of the configuration file: each key with its type, bounds, default and meaning.

The tables of config/README.md are generated from them (scripts/write_config_tables.py).
"""

import re
from collections.abc import Callable, Hashable
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationInfo,
    WrapValidator,
    field_validator,
)
from typing_extensions import TypedDict

STRICT = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False, hide_input_in_errors=True)
RERUNS = "runs again"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def _check_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        allowed = "up to 64 letters, digits, '_', '.' and '-', beginning with a letter or digit"
        raise ValueError(f"{name!r} cannot be a name; allowed: {allowed}")
    return name


def _check_no_wildcard(path: str) -> str:
    if set(path) & set("{}"):
        raise ValueError(f"{path!r} cannot be a path; allowed: one without {{ and }}, Snakemake's wildcards")
    return path


def _check_unique(values: tuple[Hashable, ...]) -> tuple[Hashable, ...]:
    for place, value in enumerate(values):
        if value in values[:place]:
            raise ValueError(f"{value!r} is given twice")
    return values


def _as_written(value: Any, check: Callable[[Any], Any]) -> Any:
    check(value)
    return value


Name = Annotated[str, AfterValidator(_check_name)]
# YAML has lists where the models have tuples.
FromList = Field(strict=False)
Unique = AfterValidator(_check_unique)


def _key(meaning: str, reruns: str, default: Any = ..., **bounds: Any) -> Any:
    """Return the field of a key.

    Args:
        reruns: which results are made again when the value changes, for the documentation.
        bounds: as pydantic's `Field` takes them.
    """
    return Field(default, description=meaning, json_schema_extra={RERUNS: reruns}, **bounds)


class _Strict(BaseModel):
    model_config = STRICT


class _Entry(_Strict):
    # The key of the entry; `Config` fills it in.
    name: str = Field(exclude=True)


class BenchmarkConfig(_Entry):
    """Where a benchmark's items come from; `path` is relative to the working directory."""

    format: str = _key(
        "The format of the source; see [Benchmark formats](#benchmark-formats).",
        "items, if the content differs",
    )
    path: Annotated[str, AfterValidator(_check_no_wildcard)] = _key(
        "The JSON file, or the folder.", "items, if the content differs", min_length=1
    )
    categories: Annotated[tuple[str, ...], FromList, Unique, Field(min_length=1)] | None = _key(
        "The categories to use, in this order; by default all.", "the added categories", None
    )
    language: str = _key("The instruction to use, if the format has several.", "items", "en", min_length=1)
    limit: Annotated[int, Field(ge=1)] | None = _key(
        "Use only the first rows of each category. A lower limit keeps the edits of the others for later.",
        "items",
        None,
    )
    params: dict[str, Any] = _key("Settings of the format.", "items", {})


class EditorConfig(_Entry):
    """One editor: a type of `snakedit.editors.EDITORS`, its weights, and its parameters."""

    type: str = _key("The editor family; see below.", "edits")
    model: Annotated[str, Field(min_length=1)] | None = _key(
        "The weights, as safetensors: a name on the Hugging Face hub, or a folder.", "edits", None
    )
    revision: str | None = _key(
        "A branch, tag or commit on the hub, by default `main`. It is resolved once and kept in"
        " `results/.cache/hub.json`.",
        "edits",
        None,
    )
    params: dict[str, Any] = _key("Settings of the type; see below.", "edits, but not for keys with (–)", {})


class CategoryPrompts(TypedDict):
    """The prompts for one category, with a rubric of one metric."""

    __pydantic_config__ = ConfigDict(strict=True, extra="forbid")  # type: ignore[misc]
    system_prompt: Annotated[str | None, Field(default=None)]
    user_prompt_template: Annotated[str, Field(min_length=1)]


class DevicesConfig(_Strict):
    """Which devices may be leased: by kind, by index or UUID, and how many (None: all)."""

    kind: Literal["auto", "cuda", "cpu", "simulated"] = _key(
        "`auto` uses GPUs where there are any, else the CPU.", "–", "auto"
    )
    ids: Annotated[tuple[int | str, ...], FromList, Unique, Field(min_length=1)] | None = _key(
        "GPUs by index or UUID, within `CUDA_VISIBLE_DEVICES`; by default all that are visible.", "–", None
    )
    count: Annotated[int, Field(ge=1)] | None = _key(
        "The most devices to use, by default all. On the CPU: worker processes, by default 2.", "–", None
    )
    memory_gib: Annotated[float, Field(gt=0)] | None = _key(
        "Memory of each device in GiB, by default as NVML reports it. A judge whose weights do not fit is"
        " spread over several devices.",
        "–",
        None,
    )


class JudgeConfig(_Entry):
    """One judge: a type of `snakedit.judges.JUDGES`, its weights, its rubric and how it is read."""

    type: str = _key("The judge family; see below.", "scores")
    model: Annotated[str, Field(min_length=1)] | None = _key("As for editors.", "scores", None)
    revision: str | None = _key("As for editors.", "scores", None)
    rubric: str = _key(
        "The name of a rubric in `config/rubrics/`, or the path of a file that ends in `.yaml`.",
        "scores",
        "viescore",
        min_length=1,
    )
    reading: Literal["expected", "generate"] = _key(
        "`expected` computes the score from the probabilities of the scale's numbers, `generate` reads the"
        " text that the judge writes.",
        "scores",
        "expected",
    )
    batch_size: int = _key(
        "Edits judged at once; written into each record. Servers use `concurrency` instead.", "–", 4, ge=1
    )
    # Recipes contain it as the file does, 0 or 0.0: a conversion would change fingerprints.
    min_scale_mass: Annotated[
        float, Field(ge=0, le=1), WrapValidator(_as_written), PlainSerializer(lambda value: value)
    ] = _key(
        "An answer with less probability than this on the scale is `unparsed` (`expected`).", "scores", 0.5
    )
    samples: int = _key(
        "Answers drawn for each question (`generate`); their mean and spread are kept.", "scores", 1, ge=1
    )
    devices: DevicesConfig | None = _key(
        "Devices of its own by `ids`, as `run.devices` has them, on which it judges while the others edit.",
        "–",
        None,
    )
    prompts: dict[str, CategoryPrompts] = _key(
        "With the rubric `single`: by category a `user_prompt_template` and, if wanted, a `system_prompt`.",
        "scores",
        {},
    )
    params: dict[str, Any] = _key("Settings of the type; see below.", "scores, but not for keys with (–)", {})

    @field_validator("samples")
    @classmethod
    def _check_samples(cls, samples: int, info: ValidationInfo) -> int:
        if samples > 1 and info.data.get("reading") == "expected":
            raise ValueError(
                f"{samples} answers cannot be drawn from probabilities; allowed: 1, or `reading: generate`"
            )
        return samples


class RunConfig(_Strict):
    """How a run is carried out. Only `seed` and `row_seeds` change a result. Times are in seconds."""

    seed: int = _key(
        "The seed of each item is derived from it, the item's id and, where it has one, its row's own seed.",
        "edits of editors that draw random numbers",
        0,
        ge=0,
        le=2**32 - 1,
    )
    row_seeds: Literal["mixed", "as_is"] = _key(
        "`as_is` uses a row's own seed unchanged, to reproduce another run. It is often the seed that made"
        " the source, and the same noise again ruins an edit.",
        "edits of rows with a seed, by editors that draw random numbers",
        "mixed",
    )
    devices: DevicesConfig = _key("The devices to use.", "–", DevicesConfig())
    resident: bool = _key("Keep models loaded between the jobs of a run.", "–", True)
    judge_ahead: bool = _key(
        "Judge each edit as soon as it is made, where the judge is behind a server and models stay loaded.",
        "–",
        True,
    )
    idle_timeout: float = _key("Seconds after which unused models are unloaded.", "–", 60.0, gt=0)
    item_timeout: float = _key(
        "Seconds after which the worker of an item counts as hung and is replaced.", "–", 600.0, gt=0
    )
    max_failures: Annotated[int, Field(ge=0)] | Annotated[float, Field(gt=0, lt=1)] | None = _key(
        "A job with more failed items than this number, or this share of a category such as `0.1`, fails. By"
        " default only what is not its items' fails a job: no device, no server, a full disk, or the same"
        " exception for every item.",
        "–",
        None,
    )
    refresh: Annotated[tuple[Literal["edits", "scores"], ...], FromList, Unique] = _key(
        "Make all edits or scores again, not only the failed ones; with `--forcerun edit_category edit_shard`"
        " or `--forcerun score_category score_shard`.",
        "–",
        (),
    )
    probe: bool = _key(
        "Ask each server one small thing before the first job, and refuse a run whose server does not answer,"
        " does not take the key or does not have the model. Jobs on nodes are not asked for.",
        "–",
        True,
    )
    shard_items: int = _key(
        "A category with more rows is edited and judged in shards of this many, each a job of its own.",
        "jobs, but no image is made again",
        500,
        ge=1,
    )
    baseline_items: Annotated[int, Field(ge=1)] | None = _key(
        "Items of each category for the serial side of `snakemake compare_speed`; `null` uses all. A stopped"
        " measurement starts again.",
        "the serial side",
        5,
    )
    baseline_swap: Literal["reload", "offload"] = _key(
        "How the serial side changes models: `reload` reads them from disk, `offload` keeps them in memory.",
        "the serial side",
        "reload",
    )


class ReportConfig(_Strict):
    """When the report warns of a judge, and how many pictures get thumbnails."""

    min_control_auc: float = _key(
        "Every page warns of a judge that tells right answers from controls with a lower AUC than this.",
        "report",
        0.8,
        ge=0,
        le=1,
    )
    max_thumbnails: int = _key(
        "Pictures with a small copy in the report's folder, the same share of each category. For the others"
        " the report links to the results beside it.",
        "–",
        12000,
        ge=0,
    )


class Config(_Strict):
    """A whole experiment."""

    benchmarks: dict[Name, BenchmarkConfig] = Field(min_length=1, description="Where the items come from.")
    editors: dict[Name, EditorConfig] = Field(min_length=1, description="The editors to compare.")
    judges: dict[Name, JudgeConfig] = Field(min_length=1, description="The judges that score the edits.")
    run: RunConfig = Field(RunConfig(), description="How the run is carried out.")
    report: ReportConfig = Field(ReportConfig(), description="What the report shows.")

    @field_validator("benchmarks", "editors", "judges", mode="before")
    @classmethod
    def _fill_in_names(cls, entries: Any) -> Any:
        if not isinstance(entries, dict):
            return entries
        for key, entry in entries.items():
            if isinstance(entry, dict) and "name" in entry:
                raise ValueError(f"'{key}' holds a 'name'; leave it out, the key is the name")
        return {
            key: {**entry, "name": key} if isinstance(entry, dict) else entry
            for key, entry in entries.items()
        }
