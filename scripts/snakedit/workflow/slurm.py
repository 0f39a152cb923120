"""Running on SLURM: checks before the first job is sent, and better messages about jobs that fail."""

import os
import re
import shutil
import subprocess
from collections.abc import Awaitable, Callable, Collection, Mapping
from logging import Logger
from pathlib import Path

from snakedit.core.errors import ConfigError, StageError

FOLDER_VARIABLE = "SNAKEDIT_FOLDER"
GPUS_VARIABLE = "SNAKEDIT_GPUS"
# Exists before the first job starts.
RUN_FOLDER = Path("results/.run")
# Stands in an sbatch command before the job's own options.
COMMENT = "snakedit"
# The plugin calls them all. If one is missing, it waits without end.
TOOLS = ("sbatch", "scancel", "scontrol", "squeue", "sacct", "sacctmgr", "sinfo")
# The plugin's query result: job number → state, and the seconds it took; both None if the query failed.
States = tuple[Mapping[str, str] | None, float | None]
# State of a failed job → explanation.
FAILED = {
    "FAILED": "its log says why; without one, see whether it can write",
    "TIMEOUT": "its time was over; runtime in the profile sets the limit",
    "OUT_OF_MEMORY": "it needed more memory; mem_mb in the profile sets the limit",
    "CANCELLED": "somebody has cancelled it",
}
# The reason of a job in the queue that SLURM will never start.
TOO_LONG = "PartitionTimeLimit"
_HINT = "the nodes must share one filesystem with the place where snakemake is started"


def check_storage(shared: Collection[str]) -> None:
    """Refuse a run whose jobs do not share their files.

    Args:
        shared: the values of ``--shared-fs-usage``.

    Raises:
        ConfigError: if input and output files are not among them.
    """
    if "input-output" not in shared:
        raise ConfigError(
            f"lacks input-output ({', '.join(sorted(shared)) or 'none'})",
            where="--shared-fs-usage",
            hint=_HINT,
        )


def name_folder() -> None:
    """Pass the folder in which the run was started to its jobs."""
    os.environ[FOLDER_VARIABLE] = str(Path.cwd())


def share_gpus(granted: int | None, on_node: bool) -> int | None:
    """Return how many GPUs a job may use, None for no limit.

    Args:
        granted: the limit of this Snakemake. The one on a node does not get the limit of its run.
        on_node: whether this is the Snakemake on a node, which reads its run's limit from the environment.
    """
    if on_node:
        limit = os.environ.get(GPUS_VARIABLE)
        return granted if limit is None else int(limit)
    os.environ.pop(GPUS_VARIABLE, None)
    if granted is not None:
        os.environ[GPUS_VARIABLE] = str(granted)
    return granted


def check_folder() -> None:
    """Refuse a job on a node that does not see the folder of its run.

    If a job's folder is missing on a node, SLURM starts the job in another folder without an error.

    Raises:
        StageError: if this is another folder, or one of the same name on the node's own disk.
    """
    folder = os.environ.get(FOLDER_VARIABLE)
    if folder is None:
        return
    if Path.cwd() != Path(folder) or not RUN_FOLDER.is_dir():
        node = os.environ.get("SLURMD_NODENAME") or os.uname().nodename
        raise StageError(f"does not see the folder of its run, {folder}", where=node, hint=_HINT)


def robust_query(
    query: Callable[[str, Logger], Awaitable[States]],
) -> Callable[[str, Logger], Awaitable[States]]:
    """Return a version of the plugin's query that loses no job and logs why a job failed.

    The plugin forgets all its jobs if a query fails, for example while the controller restarts. It also does
    not recognise the state that sacct reports for a job cancelled by a user. In both cases it would wait
    without end. For grouped jobs Snakemake drops the plugin's failure message.

    Args:
        query: the plugin's query for the states of its jobs.
    """
    reported: set[tuple[str, str]] = set()

    async def robust(command: str, logger: Logger) -> States:
        states, seconds = await query(command, logger)
        if states is None:
            logger.warning("SLURM did not answer the query for the jobs' states; it is repeated.")
            # Jobs missing from the result are polled again.
            return {}, 0.0
        states = {job: state.partition(" by ")[0] for job, state in states.items()}
        new = {job: state for job, state in states.items() if (job, state) not in reported}
        new = {job: state for job, state in new.items() if state in FAILED or state == "PENDING"}
        places = _places_of(new)
        for job, state in new.items():
            node, reason = places.get(job, ("", ""))
            if state in FAILED:
                logger.error(f"SLURM job {job} on {node or 'a node'}: {state}: {FAILED[state]}.")
            elif reason == TOO_LONG:
                logger.error(
                    f"SLURM job {job}: {reason}: it will never start, since its partition allows less time;"
                    " runtime in the profile, times the jobs that share an allocation (group-components)."
                )
            else:
                continue
            reported.add((job, state))
        return states, seconds

    return robust


def _places_of(jobs: Collection[str]) -> dict[str, tuple[str, str]]:
    """Return the node of each job that squeue knows, and the reason why it waits or has ended."""
    if not jobs:
        return {}
    command = ["squeue", "--noheader", "--states=all", "--format=%A|%N|%r", f"--jobs={','.join(jobs)}"]
    lines = subprocess.run(command, capture_output=True, text=True).stdout.splitlines()
    return {job: (node, reason) for job, node, reason in (line.split("|", 2) for line in lines)}


def check_tools() -> None:
    """Refuse to send jobs from a machine without SLURM's commands.

    Raises:
        ConfigError: naming the commands that are missing.
    """
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        raise ConfigError(
            f"not found: {', '.join(missing)}",
            where="SLURM",
            hint="start snakemake where its commands are, as on a login node",
        )


def check_nodes(lacking: Collection[str]) -> None:
    """Refuse GPU jobs that do not say how many nodes they take: SLURM's plugin fails each group of them.

    Args:
        lacking: the rules of such jobs.

    Raises:
        ConfigError: as ``--default-resources`` on the command line replaces the block of the profile.
    """
    if lacking:
        raise ConfigError(
            f"{', '.join(lacking)}: nodes is not set",
            where="--default-resources",
            hint="on the command line it replaces the profile's whole block: repeat all of it there, with"
            " nodes=1, or change the block in profiles/slurm/profile.yaml",
        )


def check_queue(folder: Path, prefix: str | None) -> None:
    """Refuse a run while jobs of an earlier, killed run in this folder are in the queue.

    Both runs would write the same files, and the earlier run could overwrite the results of this one.

    Args:
        folder: where the run was started.
        prefix: the prefix of its jobs' names.

    Raises:
        ConfigError: with how to cancel them.
    """
    command = ["squeue", "--noheader", f"--user={os.getuid()}", "--format=%T|%j|%Z"]
    queue = subprocess.run(command, capture_output=True, text=True).stdout
    # The plugin's name for a run.
    name_of_run = re.compile(rf"{re.escape(f'{prefix}_' if prefix else '')}[0-9a-f]{{8}}-[0-9a-f-]{{27}}")
    runs = []
    for line in queue.splitlines():
        state, name, started_in = line.split("|", 2)
        # A completing job stops within seconds.
        if state != "COMPLETING" and Path(started_in) == folder and name_of_run.fullmatch(name):
            runs.append(name)
    if runs:
        cancel = "; ".join(f"scancel --name {name}" for name in dict.fromkeys(runs))
        raise ConfigError(
            f"holds {len(runs)} job(s) of an earlier run in this folder",
            where="SLURM's queue",
            hint=f"wait until they have ended, or cancel them: {cancel}",
        )


def check_submission(call: str, job: str) -> None:
    """Refuse a job that SLURM would not put into its queue.

    ``--test-only`` also fails while no node is up, although a job in the queue would wait for one. A job that
    fails it is therefore submitted and cancelled at once. Not on hold: SLURM does not check such a job.

    Args:
        call: an sbatch command line without the command to run.
        job: the name of the job in messages.

    Raises:
        ConfigError: with SLURM's message and the job's options.
    """
    if _sbatch(call, "--test-only").returncode == 0:
        return
    submitted = _sbatch(call)
    if submitted.returncode != 0:
        message = ", ".join(line.removeprefix("sbatch: error: ") for line in submitted.stderr.splitlines())
        raise ConfigError(
            f"SLURM refuses {job}: {message}",
            where="sbatch",
            hint=f"it was asked for {call.rpartition(f'--comment {COMMENT}')[2].strip()}",
        )
    number = submitted.stdout.strip().partition(";")[0]
    cancelled = subprocess.run(["scancel", number], capture_output=True, text=True)
    if cancelled.returncode != 0:
        raise ConfigError(
            f"test job {number} could not be cancelled: {cancelled.stderr.strip()}",
            where="scancel",
            hint=f"cancel it by hand: scancel {number}",
        )


def _sbatch(call: str, *options: str) -> "subprocess.CompletedProcess[str]":
    # The plugin runs it in a shell too: slurm_extra is quoted for one.
    return subprocess.run(
        " ".join((call, *options, "--wrap true")), shell=True, capture_output=True, text=True
    )
