"""Small checkpoints for the demo and the tests, in the hub's layout; all but one have random weights."""

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from filelock import FileLock

from snakedit.config.load import CONFIG_FOLDER, DEMO_JUDGE_NAME
from snakedit.core.errors import CheckpointError
from snakedit.demo.checkpoints.tiny_qwen3_vl import build_qwen3_vl
from snakedit.demo.checkpoints.tiny_qwen_image_edit import build_qwen_image_edit, build_qwen_image_edit_plus
from snakedit.models.identity import folder_revision

DEMO_JUDGE = CONFIG_FOLDER / "demo_judge"


def _copy_demo_judge(folder: Path) -> None:
    """Copy the demo's judge, whose trained weights are shipped with the configuration."""
    shutil.copytree(DEMO_JUDGE, folder, dirs_exist_ok=True)


CHECKPOINTS: Mapping[str, Callable[[Path], None]] = {
    "qwen-image-edit-tiny": build_qwen_image_edit,
    "qwen-image-edit-plus-tiny": build_qwen_image_edit_plus,
    "qwen3-vl-tiny": build_qwen3_vl,
    DEMO_JUDGE_NAME: _copy_demo_judge,
}


def is_built(folder: Path) -> bool:
    """Say whether a checkpoint exists and, for the demo's judge, equals the shipped one."""
    if folder.name != DEMO_JUDGE_NAME:
        return folder.is_dir()
    return folder.is_dir() and folder_revision(folder) == folder_revision(DEMO_JUDGE)


def ensure_checkpoint(folder: Path) -> bool:
    """Build the checkpoint that a folder is named after, unless it exists; say whether it was built.

    The folder appears complete or not at all. Two processes at the same time build it once.

    Raises:
        CheckpointError: if the folder's name is not in `CHECKPOINTS`.
    """
    if folder.name not in CHECKPOINTS:
        raise CheckpointError(
            "no checkpoint of the demo is called that", where=str(folder), allowed=", ".join(CHECKPOINTS)
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(f".{folder.name}.lock")):
        if is_built(folder):
            return False
        temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
        try:
            CHECKPOINTS[folder.name](temporary)
            temporary.chmod(0o755)
            shutil.rmtree(folder, ignore_errors=True)
            os.replace(temporary, folder)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
        return True
