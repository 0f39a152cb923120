"""What a run needs of a cluster: a filesystem that all share, jobs that it takes, word of how they end."""

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
# Made before the first job starts.
RUN_FOLDER = Path("results/.run")
# sbatch is told of it before it comes to what a job asks for.
COMMENT = "snakedit"
# The plugin calls them all, and where one of them is missing it waits for ever.
TOOLS = ("sbatch", "scancel", "scontrol", "squeue", "sacct", "sacctmgr")
# What the plugin learns of its jobs, number → state, and in how many seconds; both None if it learns nothing.
States = tuple[Mapping[str, str] | None, float | None]
# States in which a job has failed, and what to say of them.
FAILED = {
    "FAILED": "its log says why; without one, see whether it can write",
    "TIMEOUT": "its time was over; runtime in the profile says how much it has",
    "OUT_OF_MEMORY": "it needed more memory; mem_mb in the profile says how much it has",
    "CANCELLED": "somebody has cancelled it",
}
# Why a job that SLURM has let in would wait for ever.
TOO_LONG = "PartitionTimeLimit"
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


def share_gpus(granted: int | None, on_node: bool) -> int | None:
    """Return how many GPUs a job may use, None for no limit.

    Args:
        granted: what Snakemake was given; a node's is told nothing of what its run was given.
        on_node: whether this is a node's Snakemake, which then takes what its run has left to it.
    """
    if on_node:
        left = os.environ.get(GPUS_VARIABLE)
        return granted if left is None else int(left)
    os.environ.pop(GPUS_VARIABLE, None)
    if granted is not None:
        os.environ[GPUS_VARIABLE] = str(granted)
    return granted


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


def ask_again(
    query: Callable[[str, Logger], Awaitable[States]],
) -> Callable[[str, Logger], Awaitable[States]]:
    """Return the plugin's question after its jobs, so that it loses none, and a failure has a cause.

    It forgets all its jobs when SLURM does not answer, as while the controller starts again, and does not
    know the words in which sacct tells that somebody has cancelled one. It would wait for them for ever.
    Of a group Snakemake does not pass on what the plugin says of its end.

    Args:
        query: as the plugin asks.
    """

    told: set[tuple[str, str]] = set()

    async def asked(command: str, logger: Logger) -> States:
        states, seconds = await query(command, logger)
        if states is None:
            logger.warning("SLURM did not tell the state of the jobs; it is asked again.")
            # A job of which nothing is told is asked after again.
            return {}, 0.0
        states = {job: state.partition(" by ")[0] for job, state in states.items()}
        new = {job: state for job, state in states.items() if (job, state) not in told}
        new = {job: state for job, state in new.items() if state in FAILED or state == "PENDING"}
        places = _places_of(new)
        for job, state in new.items():
            node, reason = places.get(job, ("", ""))
            if state in FAILED:
                logger.error(f"SLURM job {job} on {node or 'a node'}: {state}: {FAILED[state]}.")
            elif reason == TOO_LONG:
                logger.error(
                    f"SLURM job {job}: {reason}: it waits for ever, since its partition allows less time;"
                    " runtime in the profile, times the jobs that share an allocation (group-components)."
                )
            else:
                continue
            told.add((job, state))
        return states, seconds

    return asked


def _places_of(jobs: Collection[str]) -> dict[str, tuple[str, str]]:
    """The node of each job that SLURM tells something of, and why it waits or has ended."""
    if not jobs:
        return {}
    asked = ["squeue", "--noheader", "--states=all", "--format=%A|%N|%r", f"--jobs={','.join(jobs)}"]
    lines = subprocess.run(asked, capture_output=True, text=True).stdout.splitlines()
    return {job: (node, reason) for job, node, reason in (line.split("|", 2) for line in lines)}


def check_tools() -> None:
    """Refuse to send jobs from where SLURM is not installed.

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


def check_queue(folder: Path, prefix: str | None) -> None:
    """Refuse a run while jobs of an earlier one, which was killed, are in the queue.

    They would edit what this one's jobs edit; or, when this one is over, put what was asked for earlier in
    the place of its results.

    Args:
        folder: where the run was started.
        prefix: what the names of its jobs begin with.

    Raises:
        ConfigError: with how to cancel them.
    """
    asked = ["squeue", "--noheader", f"--user={os.getuid()}", "--format=%T|%j|%Z"]
    queue = subprocess.run(asked, capture_output=True, text=True).stdout
    # The plugin's name for a run.
    name_of_run = re.compile(rf"{re.escape(f'{prefix}_' if prefix else '')}[0-9a-f]{{8}}-[0-9a-f-]{{27}}")
    runs = []
    for line in queue.splitlines():
        state, name, started_in = line.split("|", 2)
        # What is completing has been cancelled, and stops within seconds.
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

    SLURM is asked by ``--test-only``. That also fails while no node is up, for which a job in the queue would
    wait; so what it refuses is sent, and taken back. On hold SLURM would not look whether it can run at all.

    Args:
        call: an sbatch command line without what is to be run.
        job: what to call the job.

    Raises:
        ConfigError: in SLURM's words, with what was asked for.
    """
    if _sbatch(call, "--test-only").returncode == 0:
        return
    sent = _sbatch(call)
    if sent.returncode != 0:
        said = ", ".join(line.removeprefix("sbatch: error: ") for line in sent.stderr.splitlines())
        raise ConfigError(
            f"SLURM refuses {job}: {said}",
            where="sbatch",
            hint=f"it was asked for {call.rpartition(f'--comment {COMMENT}')[2].strip()}",
        )
    number = sent.stdout.strip().partition(";")[0]
    taken_back = subprocess.run(["scancel", number], capture_output=True, text=True)
    if taken_back.returncode != 0:
        raise ConfigError(
            f"job {number}, sent to ask whether SLURM takes it, stays: {taken_back.stderr}", where="scancel"
        )


def _sbatch(call: str, *options: str) -> "subprocess.CompletedProcess[str]":
    # A shell's line, as the plugin makes it: slurm_extra holds words for a shell.
    return subprocess.run(
        " ".join((call, *options, "--wrap true")), shell=True, capture_output=True, text=True
    )
