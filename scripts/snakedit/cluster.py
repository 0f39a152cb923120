"""What a run needs of a cluster: a filesystem that its nodes share with the place where it was started."""

import os
from collections.abc import Collection
from pathlib import Path

from snakedit.errors import ConfigError, StageError

FOLDER_VARIABLE = "SNAKEDIT_FOLDER"
# Made before the first job starts.
RUN_FOLDER = Path("results/.run")
_HINT = "the nodes must share one filesystem with the place where snakemake is started"


def check_storage(shared: Collection[str]) -> None:
    """Refuse a run whose jobs are not meant to see its files.

    Args:
        shared: what Snakemake was told is shared, in the words of ``--shared-fs-usage``.

    Raises:
        ConfigError: if that leaves out the files that go from job to job.
    """
    if "input-output" not in shared:
        raise ConfigError(
            f"lacks input-output ({', '.join(sorted(shared)) or 'none'})",
            where="--shared-fs-usage",
            hint=_HINT,
        )


def name_folder() -> None:
    """Tell the jobs of this run where it was started."""
    os.environ[FOLDER_VARIABLE] = str(Path.cwd())


def check_folder() -> None:
    """Refuse a job on a node that does not see the folder of its run.

    SLURM starts a job whose folder is missing somewhere else, without an error.

    Raises:
        StageError: if this is another folder, or one of the same name on the node's own disk.
    """
    wanted = os.environ.get(FOLDER_VARIABLE)
    if wanted is None:
        return
    if Path.cwd() != Path(wanted) or not RUN_FOLDER.is_dir():
        node = os.environ.get("SLURMD_NODENAME") or os.uname().nodename
        raise StageError(f"does not see the folder of its run, {wanted}", where=node, hint=_HINT)
