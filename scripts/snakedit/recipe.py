"""What a result depends on, and its fingerprint: nothing here runs a model or imports torch.

A fingerprint is the sha256 of canonical JSON. GPU counts, batch sizes, threads and paths are never in one.
"""

import dataclasses
import hashlib
import json
import os
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from snakedit.config import EditorConfig, JudgeConfig
from snakedit.core.atomic import write_whole
from snakedit.core.errors import CheckpointError
from snakedit.core.hashing import canonical, file_sha256, fingerprint
from snakedit.core.names import expanded
from snakedit.core.records import Item

# Raised by hand when what a stage does with the same inputs changes its meaning.
STAGE_VERSIONS = {"prepare": 2, "edit": 1, "score": 1, "report": 2, "serial": 2}

# What a type of editor or judge takes as its `model`: nothing, weights, or a name that a server knows.
MODEL_KINDS = ("none", "checkpoint", "endpoint")

CACHE_FOLDER = Path("results/.cache")
_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_COMMIT = re.compile(r"[0-9a-f]{40}")


def item_seed(run_seed: int | None, item: Item) -> int | None:
    """Return the seed of an item, 0–2³²−1: its own, or one derived from the run's and its id.

    Position and worker have no part in it, so any number of devices makes the same image. Without a
    run's seed (an editor that draws nothing) there is none.
    """
    if run_seed is None:
        return None
    if item.seed is not None:
        return item.seed % 2**32
    digest = hashlib.sha256(canonical([run_seed, item.category, item.id]).encode()).digest()
    return int.from_bytes(digest[:4], "big")


def editor_recipe(
    editor: EditorConfig, model_kind: str, params: Mapping[str, Any], run_seed: int | None
) -> dict[str, Any]:
    """Return what all edits of one editor depend on.

    Args:
        editor: its type and model.
        model_kind: what the type takes as its model, one of `MODEL_KINDS`.
        params: every parameter that can change a pixel, defaults included. A `seed` among them comes
            before the run's.
        run_seed: `run.seed`, or None for an editor whose edits do not depend on a seed.
    """
    own_seed = params.get("seed")
    return {
        "type": editor.type,
        **model_identity(editor.model, editor.revision, model_kind),
        "params": {name: value for name, value in params.items() if name != "seed"},
        "seed": run_seed if own_seed is None else own_seed,
        "stage_version": STAGE_VERSIONS["edit"],
    }


def result_params(params: Any, execution_params: Collection[str]) -> dict[str, Any]:
    """Return the params, a dataclass, as a dict without those that cannot change a result."""
    return {name: value for name, value in dataclasses.asdict(params).items() if name not in execution_params}


def edit_fingerprint(recipe: Mapping[str, Any], item: Item, inputs: Mapping[str, str]) -> str:
    """Return the fingerprint of one edit.

    Args:
        recipe: of the editor.
        item: whose edit it is.
        inputs: sha256s of further images that the editor looks at (a reference, another's edit).
    """
    return fingerprint(
        {
            "recipe": {**recipe, "seed": item_seed(recipe["seed"], item)},
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
    recipe: Mapping[str, Any], item: Item, image_sha256: str, reference_sha256: str | None = None
) -> str:
    """Return the fingerprint of one score: the judge, what it is shown, and what it is told.

    Args:
        reference_sha256: of the item's reference, if the rubric shows it.
    """
    return fingerprint(
        {
            "recipe": dict(recipe),
            "sources": item.image_sha256s,
            "edit": image_sha256,
            "reference": reference_sha256,
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


def model_identity(model: str | None, revision: str | None, kind: str) -> dict[str, str | None]:
    """Return what names a model: hub name and commit, the hash of a local folder, or an endpoint's name.

    A local folder's path has no part in it, so a moved one is the same and a retrained one is not.

    Raises:
        CheckpointError: if the folder is missing, holds no safetensors, or the hub cannot be asked.
    """
    if model is None or kind != "checkpoint":
        return {"model": model, "revision": revision}
    if is_local(model):
        return {"model": None, "revision": folder_revision(expanded(model))}
    return {"model": model, "revision": hub_revision(model, revision)}


def is_local(model: str) -> bool:
    """Whether a model is a folder rather than a hub name (``owner/name``, no such folder here)."""
    return expanded(model).is_dir() or not _HUB_NAME.fullmatch(model)


def folder_revision(folder: Path) -> str:
    """Return the sha256 over a folder's json and safetensors files, cached by size and mtime_ns.

    Raises:
        CheckpointError: if the folder is missing or holds no weights in safetensors.
    """
    if not folder.is_dir():
        raise CheckpointError(
            "no such folder",
            where=str(folder),
            allowed="a folder with a checkpoint, or a hub name such as Qwen/Qwen-Image-Edit-2511",
        )
    files = sorted(
        path for path in folder.rglob("*") if path.suffix in (".json", ".safetensors") and path.is_file()
    )
    if not any(path.suffix == ".safetensors" for path in files):
        raise CheckpointError("holds no .safetensors file", where=str(folder))
    cached = _read_cache("folders.json")
    hashes: dict[str, str] = {}
    fresh: dict[str, str] = {}
    for path in files:
        stat = path.stat()
        key = canonical([str(path.resolve()), stat.st_size, stat.st_mtime_ns])
        if key not in cached:
            fresh[key] = file_sha256(path)
        hashes[path.relative_to(folder).as_posix()] = cached.get(key) or fresh[key]
    if fresh:
        _write_cache("folders.json", {**cached, **fresh})
    return fingerprint(hashes)


def hub_revision(model: str, revision: str | None) -> str:
    """Return the commit that a hub model's revision stands for.

    It is asked for once and then kept in `results/.cache/hub.json`, so that a run goes on with the
    weights it began with; a commit given as the revision is taken as it is.

    Raises:
        CheckpointError: if neither the local hub cache nor the hub itself knows it.
    """
    if revision and _COMMIT.fullmatch(revision):
        return revision
    cached = _read_cache("hub.json")
    key = f"{model}@{revision or 'main'}"
    if key not in cached:
        commit = _commit_on_disk(model, revision or "main") or _commit_on_hub(model, revision)
        cached = {**cached, key: commit}
        _write_cache("hub.json", cached)
    return cached[key]


def _commit_on_disk(model: str, revision: str) -> str | None:
    from huggingface_hub import constants

    reference = Path(
        constants.HF_HUB_CACHE, "models--" + model.replace("/", "--"), "refs", *Path(revision).parts
    )
    return reference.read_text().strip() if reference.is_file() else None


def _commit_on_hub(model: str, revision: str | None) -> str:
    from huggingface_hub import HfApi

    try:
        commit = HfApi().model_info(model, revision=revision, timeout=20).sha
    except Exception as error:  # noqa: BLE001 - offline it raises its HTTP library's own errors
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise CheckpointError(
            f"is neither a folder here nor a model that the hub could be asked for ({reason})",
            where=model,
            hint="give a local folder, or a commit as its 'revision'",
        ) from None
    if commit is None:
        raise CheckpointError("the hub names no commit for it", where=model)
    return commit


def _read_cache(name: str) -> dict[str, str]:
    path = CACHE_FOLDER / name
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _write_cache(name: str, content: Mapping[str, str]) -> None:
    if os.access(CACHE_FOLDER.parent if CACHE_FOLDER.parent.exists() else Path("."), os.W_OK):
        write_whole(CACHE_FOLDER / name, [json.dumps(dict(content), indent=1, sort_keys=True)])
