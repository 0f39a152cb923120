"""The identity of a model: a hub commit, the hash of a local folder, or a server's name for it."""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

from snakedit.core.atomic import write_whole
from snakedit.core.errors import CheckpointError
from snakedit.core.hashing import canonical, file_sha256, fingerprint
from snakedit.core.names import expanded

# The `model` of a type of editor or judge: none, weights, or a name that a server knows.
MODEL_KINDS = ("none", "checkpoint", "endpoint")
CACHE_FOLDER = Path("results/.cache")
HUB_TIMEOUT_S = 10
_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_COMMIT = re.compile(r"[0-9a-f]{40}")


def model_identity(model: str | None, revision: str | None, kind: str) -> dict[str, str | None]:
    """Return a model's identity: hub name and commit, the hash of a local folder, or an endpoint's name.

    The path of a local folder is not part of it: a moved model is the same, a retrained one is not.

    Raises:
        CheckpointError: if the folder is missing, holds no safetensors, or the hub does not answer.
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
    """Return the commit of a hub model's revision.

    The commit is looked up once, in the hub's local cache or else on the hub, and kept in
    `results/.cache/hub.json`. So a run that is started again uses the same weights.

    Raises:
        CheckpointError: if neither the local cache nor the hub knows it.
    """
    if revision and _COMMIT.fullmatch(revision):
        return revision
    cached = _read_cache("hub.json")
    key = f"{model}@{revision or 'main'}"
    if key not in cached:
        cached = {**cached, key: _commit(model, revision)}
        _write_cache("hub.json", cached)
    return cached[key]


def _commit(model: str, revision: str | None) -> str:
    from huggingface_hub import HfApi
    from huggingface_hub.errors import RevisionResolutionError

    hub = HfApi()
    try:
        try:
            return hub.resolve_revision(model, revision=revision, local_files_only=True).resolved
        except RevisionResolutionError:  # it is not in the local cache
            commit = hub.model_info(model, revision=revision, timeout=HUB_TIMEOUT_S).sha
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
