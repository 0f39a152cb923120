"""Starting afresh: deleting results, which no option of Snakemake's does, as finished images are kept."""

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from snakedit.core.errors import StageError

# The folders of a benchmark's results whose parts may be deleted on their own.
PARTS = ("items", "edits", "scores")
LOCKS = Path(".snakemake", "locks")


def delete_results(folders: Sequence[Path], ask: Callable[[str], str]) -> bool:
    """Delete folders of results, after asking; return whether that was confirmed.

    Args:
        folders: each a benchmark's results (``results/demo``), or a folder in their items, edits or scores
            (``results/demo/edits/tiny``).
        ask: shows a question and returns the answer; only ``yes`` deletes.

    Raises:
        StageError: for any other folder, or while a run is going on.
    """
    for folder in folders:
        _check(folder)
    if LOCKS.is_dir() and any(LOCKS.iterdir()):
        raise StageError(
            "a run is going on in this folder, or was killed",
            where=str(LOCKS),
            hint="wait until it has ended, or if none runs: snakemake --unlock",
        )
    question = "\n".join(map(_described, folders))
    if ask(f"{question}\ndelete for good? (yes/no) ").strip() != "yes":
        return False
    for folder in folders:
        # It may lie in one of the others.
        if folder.exists():
            shutil.rmtree(folder)
    return True


def _check(folder: Path) -> None:
    """Refuse what is not a folder of results, or is reached through a link."""
    whole = Path(os.path.abspath(folder))
    roots = [whole, *(parent for parent in whole.parents if parent.name in PARTS)]
    benchmark = roots[-1].parent if roots[-1].name in PARTS else whole
    allowed = "a benchmark's folder in results/, or one in its items/, edits/ or scores/"
    if not folder.is_dir():
        raise StageError("no such folder", where=str(folder), allowed=allowed)
    if not (benchmark / "index.json").is_file() or benchmark == Path.cwd():
        raise StageError("holds no results of snakedit", where=str(folder), allowed=allowed)
    if Path(os.path.realpath(whole)) != whole:
        raise StageError("is a link, or lies in one", where=str(folder), hint="name the folder itself")


def _described(folder: Path) -> str:
    """A folder with the number and the size of its files."""
    sizes = [
        os.lstat(os.path.join(place, name)).st_size for place, _, files in os.walk(folder) for name in files
    ]
    images = sum(1 for _ in folder.rglob("*.png"))
    return f"{folder}: {len(sizes):,} files, {images:,} of them images, {sum(sizes) / 1e6:,.1f} MB"
