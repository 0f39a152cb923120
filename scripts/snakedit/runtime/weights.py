"""Weights on disk before any worker starts: a local folder, or a hub model downloaded once."""

from pathlib import Path

from snakedit.errors import CheckpointError
from snakedit.recipe import hub_revision, is_local

# Configurations, tokenizers, chat templates and weights. No pickles, no code.
FILES = ("*.json", "*.txt", "*.model", "*.jinja", "*.safetensors")


def local_folder(model: str, revision: str | None) -> str:
    """Return the folder that holds a model's files, downloading a hub model's first if need be.

    Raises:
        CheckpointError: if the folder is missing, or the download fails.
    """
    if is_local(model):
        folder = Path(model).expanduser()
        if not folder.is_dir():
            raise CheckpointError("no such folder", where=str(folder))
        return str(folder.resolve())
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    commit = hub_revision(model, revision)
    try:
        return str(snapshot_download(model, revision=commit, allow_patterns=list(FILES)))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise CheckpointError(f"could not be downloaded ({reason})", where=f"{model}@{commit}") from None
