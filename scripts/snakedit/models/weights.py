"""The folder with a model's weights: a local one, or the download of a hub model."""

import errno
import json
from math import prod
from pathlib import Path

from snakedit.core.errors import CheckpointError
from snakedit.core.names import expanded
from snakedit.models.identity import hub_revision, is_local

# Configurations, tokenizers, chat templates and weights. No pickles, no code.
FILES = ("*.json", "*.txt", "*.model", "*.jinja", "*.safetensors")
INTEGER_BYTES = {"I16": 2, "U16": 2, "I32": 4, "U32": 4, "I64": 8, "U64": 8}
DTYPE_BYTES = {"bfloat16": 2, "float16": 2, "float32": 4}


def local_folder(model: str, revision: str | None) -> str:
    """Return the folder that holds a model's files, downloading a hub model's first if need be.

    Raises:
        CheckpointError: if the folder is missing, or the download fails.
    """
    if is_local(model):
        folder = expanded(model)
        if not folder.is_dir():
            raise CheckpointError("no such folder", where=str(folder))
        return str(folder.resolve())
    from huggingface_hub import snapshot_download

    commit = hub_revision(model, revision)
    try:
        return str(snapshot_download(model, revision=commit, allow_patterns=list(FILES)))
    except Exception as error:  # noqa: BLE001 - offline it raises its HTTP library's own errors
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise CheckpointError(
            f"could not be downloaded ({reason})", where=f"{model}@{commit}", hint=_hint(error)
        ) from None


def _hint(error: Exception) -> str:
    from huggingface_hub.errors import GatedRepoError, LocalEntryNotFoundError

    if isinstance(error, GatedRepoError):
        return "accept its licence on its hub page, then log in with `hf auth login`"
    if isinstance(error, LocalEntryNotFoundError | ConnectionError):
        return "download it where there is a network, or give a local folder as the model"
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
