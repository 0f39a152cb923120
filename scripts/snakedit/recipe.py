"""Recipes and fingerprints: what a result depends on. Nothing here runs a model or imports torch.

A fingerprint is the sha256 of canonical JSON. GPU counts, batch sizes, threads and paths are never in one.
"""

import hashlib
from collections.abc import Collection, Mapping
from typing import Any

from snakedit.config.params import FamilyParams
from snakedit.config.schema import BenchmarkConfig, EditorConfig, JudgeConfig
from snakedit.core.hashing import canonical, fingerprint
from snakedit.core.records import Item
from snakedit.models.identity import model_identity

# Raised by hand when what a stage does with the same inputs changes its meaning.
STAGE_VERSIONS = {"prepare": 2, "edit": 2, "score": 2, "report": 2, "serial": 2}
# How a row's own seed is used, by `run.row_seeds`.
MIXED, AS_IS = "mixed", "as_is"


def item_seed(run_seed: int | None, item: Item, row_seeds: str = MIXED) -> int | None:
    """Return the seed of an item, 0–2³²−1, derived from the run's, its id and its row's own seed, if any.

    Position and worker have no part in it, so any number of devices makes the same image. Without a
    run's seed (an editor that draws nothing) there is none.

    Args:
        row_seeds: ``as_is`` takes a row's own seed unchanged. It is often the seed that made the source
            picture, and an edit that begins with the same noise is ruined (diffusers #14824).
    """
    if run_seed is None:
        return None
    own = [] if item.seed is None else [item.seed]
    if own and row_seeds == AS_IS:
        return own[0] % 2**32
    digest = hashlib.sha256(canonical([run_seed, item.category, item.id, *own]).encode()).digest()
    return int.from_bytes(digest[:4], "big")


def prepare_recipe(benchmark: BenchmarkConfig, content: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a category's items depend on: its rows, how many are taken, and the language.

    Args:
        content: sha256 of the category's rows.
        params: those of the benchmark's format that are not at their default.
    """
    return {
        "content": content,
        "limit": benchmark.limit,
        "language": benchmark.language,
        # Left out where all are at their default, as it was before formats had any.
        **({"params": dict(params)} if params else {}),
        "stage_version": STAGE_VERSIONS["prepare"],
    }


def editor_recipe(
    editor: EditorConfig,
    model_kind: str,
    params: Mapping[str, Any],
    run_seed: int | None,
    row_seeds: str = MIXED,
) -> dict[str, Any]:
    """Return what all edits of one editor depend on.

    Args:
        editor: its type and model.
        model_kind: what the type takes as its model, one of `MODEL_KINDS`.
        params: every parameter that can change a pixel, defaults included. A `seed` among them comes
            before the run's.
        run_seed: `run.seed`, or None for an editor whose edits do not depend on a seed.
        row_seeds: `run.row_seeds`; left out where it is the default, or nothing depends on it.
    """
    own_seed = params.get("seed")
    return {
        "type": editor.type,
        **model_identity(editor.model, editor.revision, model_kind),
        "params": {name: value for name, value in params.items() if name != "seed"},
        "seed": run_seed if own_seed is None else own_seed,
        **({"row_seeds": row_seeds} if run_seed is not None and row_seeds != MIXED else {}),
        "stage_version": STAGE_VERSIONS["edit"],
    }


def result_params(
    params: FamilyParams, execution_params: Collection[str], later: Collection[str] = ()
) -> dict[str, Any]:
    """Return a family's params as a dict, without those that cannot change a result.

    Args:
        params: an instance of the family's `Params`.
        execution_params: names of those that cannot change a result.
        later: names of those that are left out at their default, as they came after the first version.
    """
    changed = changed_params(params)
    return {
        name: value
        for name, value in params.model_dump().items()
        if name not in execution_params and (name not in later or name in changed)
    }


def changed_params(params: FamilyParams) -> dict[str, Any]:
    """Return the params that are not at their default."""
    fields = type(params).model_fields
    return {
        name: value
        for name, value in params.model_dump().items()
        if value != fields[name].get_default(call_default_factory=True)
    }


def edit_seed(recipe: Mapping[str, Any], item: Item) -> int | None:
    """Return the seed of one edit, by the editor's recipe; None for an editor that draws nothing."""
    return item_seed(recipe["seed"], item, recipe.get("row_seeds", MIXED))


def edit_fingerprint(recipe: Mapping[str, Any], item: Item, inputs: Mapping[str, str]) -> str:
    """Return the fingerprint of one edit.

    Args:
        recipe: of the editor.
        item: whose edit it is.
        inputs: sha256s of further images that the editor looks at (a reference, another's edit).
    """
    # The item's seed tells how its row's own was used; an item without one is not edited again.
    common = {name: value for name, value in recipe.items() if name != "row_seeds"}
    return fingerprint(
        {
            "recipe": {**common, "seed": edit_seed(recipe, item)},
            "sources": item.image_sha256s,
            "instruction": item.instruction,
            "inputs": dict(inputs),
        }
    )


def judge_recipe(
    judge: JudgeConfig, model_kind: str, params: Mapping[str, Any], rubric: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what all scores of one judge depend on.

    Args:
        judge: its type, model and way of reading. Its batch size has no part in it.
        model_kind: what the type takes as its model, one of `MODEL_KINDS`.
        params: every parameter that can change an answer, defaults included.
        rubric: the rubric's content, prompts included.
    """
    return {
        "type": judge.type,
        **model_identity(judge.model, judge.revision, model_kind),
        "reading": judge.reading,
        "min_scale_mass": judge.min_scale_mass,
        "samples": judge.samples,
        "params": dict(params),
        "rubric": dict(rubric),
        "stage_version": STAGE_VERSIONS["score"],
    }


def score_fingerprint(
    recipe: Mapping[str, Any], item: Item, image_sha256: str, shown: Mapping[str, str] | None = None
) -> str:
    """Return the fingerprint of one score: the judge, the images it sees, and the item's text.

    Args:
        shown: sha256s of the item's ``reference`` and ``mask``, if the rubric shows them.
    """
    shown = shown or {}
    return fingerprint(
        {
            "recipe": dict(recipe),
            "sources": item.image_sha256s,
            "edit": image_sha256,
            "reference": shown.get("reference"),
            # Left out where there is none, as it was before masks could be shown.
            **({"mask": shown["mask"]} if "mask" in shown else {}),
            "item": {
                "category": item.category,
                "instruction": item.instruction,
                "description": item.description,
                "rationale": item.rationale,
                "tags": item.tags,
                "difficulty": item.difficulty,
                "extra": item.extra,
            },
        }
    )
