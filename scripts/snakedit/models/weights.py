"""The folder with a model's weights: a local one, or the download of a hub model."""

import errno
import json
import re
from collections.abc import Collection
from fnmatch import fnmatch
from glob import escape
from math import prod
from pathlib import Path, PurePosixPath

from snakedit.core.errors import CheckpointError
from snakedit.core.names import expanded
from snakedit.models.identity import HUB_TIMEOUT_S, hub_revision, is_local

# Configurations, tokenizers, chat templates and weights. No pickles, no code.
FILES = ("*.json", "*.txt", "*.model", "*.jinja", "*.safetensors")
INTEGER_BYTES = {"I16": 2, "U16": 2, "I32": 4, "U32": 4, "I64": 8, "U64": 8}
# The names that the libraries load weights from, whole or in shards.
_OWN_WEIGHTS = re.compile(r"(model|diffusion_pytorch_model)(-\d+-of-\d+)?\.safetensors")
DTYPE_BYTES = {"bfloat16": 2, "float16": 2, "float32": 4}


def local_folder(model: str, revision: str | None) -> str:
    """Return the folder that holds a model's files, downloading a hub model's first if need be.

    What is in the hub's cache is taken without asking the hub, so a node without a network loses no time.

    Raises:
        CheckpointError: if the folder is missing, or the download fails.
    """
    if is_local(model):
        folder = expanded(model)
        if not folder.is_dir():
            raise CheckpointError("no such folder", where=str(folder))
        return str(folder.resolve())
    commit = hub_revision(model, revision)
    try:
        return _cached_folder(model, commit) or _download(model, commit)
    except Exception as error:  # noqa: BLE001 - offline it raises its HTTP library's own errors
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise CheckpointError(
            f"could not be downloaded ({reason})", where=f"{model}@{commit}", hint=_hint(error)
        ) from None


def own_files(names: Collection[str], parts: Collection[str] | None) -> list[str]:
    """Return the files of a hub model that loading it needs.

    A single-file twin of a pipeline lies beside its parts, and copies in other types or for other programs
    lie beside a part's own weights: neither is needed.

    Args:
        names: all files, as paths in the repository.
        parts: the folders of a diffusers pipeline's parts, or None for any other model.
    """
    tops = None if parts is None else {"", *parts}
    # Of the pipeline's own folder no weights are loaded.
    usual = {""} if parts is not None else set()
    usual |= {name.rpartition("/")[0] for name in names if _OWN_WEIGHTS.fullmatch(PurePosixPath(name).name)}

    def is_own(name: str) -> bool:
        folder, _, file = name.rpartition("/")
        if not any(fnmatch(file, pattern) for pattern in FILES):
            return False
        if tops is not None and folder.partition("/")[0] not in tops:
            return False
        if not file.endswith(".safetensors") or folder not in usual:
            return True
        return bool(_OWN_WEIGHTS.fullmatch(file)) and (parts is None or folder != "")

    return [name for name in names if is_own(name)]


def _download(model: str, commit: str) -> str:
    from huggingface_hub import HfApi, hf_hub_download, snapshot_download

    # Asked once, where the download itself would be tried again for half a minute.
    info = HfApi().model_info(model, revision=commit, timeout=HUB_TIMEOUT_S)
    names = [file.rfilename for file in info.siblings or []]
    parts = None
    if "model_index.json" in names:
        parts = _parts(Path(hf_hub_download(model, "model_index.json", revision=commit)))
    patterns = [escape(name) for name in own_files(names, parts)]
    return str(snapshot_download(model, revision=commit, allow_patterns=patterns))


def _cached_folder(model: str, commit: str) -> str | None:
    """The snapshot of a commit in the hub's cache, or None where it is missing or not whole."""
    from huggingface_hub import get_cached_repo_tree, try_to_load_from_cache
    from huggingface_hub.errors import CachedRepoTreeNotFoundError

    found = (
        try_to_load_from_cache(model, name, revision=commit) for name in ("model_index.json", "config.json")
    )
    path = next((Path(path) for path in found if isinstance(path, str)), None)
    if path is None:
        return None
    folder = path.parent
    parts = _parts(path) if path.name == "model_index.json" else None
    try:
        names = [file.path for file in get_cached_repo_tree(model, revision=commit)]
        is_whole = all((folder / name).is_file() for name in own_files(names, parts))
    except CachedRepoTreeNotFoundError:  # it was not downloaded as a whole, or by an older library
        is_whole = all(_is_whole(folder / part) for part in ([""] if parts is None else parts))
    return str(folder) if is_whole else None


def _parts(model_index: Path) -> list[str]:
    """The folders of a pipeline's parts. A part that it has not is `[null, null]`."""
    content = json.loads(model_index.read_text(encoding="utf-8"))
    return [name for name, part in content.items() if isinstance(part, list) and any(part)]


def _is_whole(folder: Path) -> bool:
    """Whether a folder with a network's configuration has all its weights; whether any other has files."""
    for index in folder.glob("*.safetensors.index.json"):
        names = json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()
        if not all((folder / name).is_file() for name in names):
            return False
    if (folder / "config.json").is_file():
        return any(path.is_file() for path in folder.glob("*.safetensors"))
    return folder.is_dir() and any(path.is_file() for path in folder.iterdir())


def _hint(error: Exception) -> str:
    from huggingface_hub.errors import GatedRepoError, LocalEntryNotFoundError

    if isinstance(error, GatedRepoError):
        return "accept its licence on its hub page, then log in with `hf auth login`"
    # Of the hub client's HTTP library only the name is known here: it has changed before.
    is_unreachable = any(base.__name__ == "TransportError" for base in type(error).__mro__)
    if is_unreachable or isinstance(error, LocalEntryNotFoundError | ConnectionError):
        return (
            "download it where there is a network, to the same HF_HOME, or give a local folder as the model"
        )
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "the disk of the hub's cache is full; make room, or set HF_HOME to another disk"
    return ""


def loaded_bytes(folder: str, dtype: str) -> int:
    """Return the bytes that a folder's safetensors weights take when they are loaded.

    Args:
        dtype: torch's name of the type they are loaded as, or `auto` for the one they are stored in.
    """
    from safetensors import safe_open

    total = 0
    for path in _weight_files(Path(folder)):
        if dtype == "auto":
            total += path.stat().st_size
            continue
        with safe_open(path, framework="numpy") as file:
            tensors = [file.get_slice(name) for name in file.keys()]  # noqa: SIM118 - it is no mapping
        for tensor in tensors:
            stored = str(tensor.get_dtype())
            # Integers, such as those of quantised weights, stay as they are.
            size = DTYPE_BYTES[dtype] if stored.startswith(("F", "BF")) else INTEGER_BYTES.get(stored, 1)
            total += prod(tensor.get_shape()) * size
    return total


def _weight_files(folder: Path) -> list[Path]:
    """The files that a library loads: those of the index, else those of its usual names, else all."""
    for name in ("model", "diffusion_pytorch_model"):
        index, single = folder / f"{name}.safetensors.index.json", folder / f"{name}.safetensors"
        if index.is_file():
            names = json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()
            return [folder / name for name in sorted(set(names)) if (folder / name).is_file()]
        if single.is_file():
            return [single]
    return sorted(folder.glob("*.safetensors"))
