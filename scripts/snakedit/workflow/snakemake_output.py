"""What a running Snakemake prints, and what becomes of its jobs: uses beyond its documentation."""

import logging
import os
import re
import sys
from collections import Counter
from collections.abc import Callable
from copy import copy
from typing import Any

from snakedit.workflow.snakemake_internals import PLUGIN, SNAKEMAKE, check_uses

# Class or module → what is used of it, and why.
USES_FOR_OUTPUT = {
    "snakemake.workflow:Workflow": {
        "output_settings": "holds --quiet",
        "scheduler": "holds the failed jobs",
        "execution_settings": "holds --latency-wait",
        "dag": "has the jobs that will be sent",
    },
    "snakemake.scheduling.job_scheduler:JobScheduler": {
        "failed": "the jobs whose last attempt has failed",
        "print_progress": "whether the end of a job is logged",
    },
    "snakemake.dag:DAG": {"needrun_jobs": "the jobs of this run"},
    "snakemake.jobs:Job": {
        "is_local": "such a job is not sent",
        "resources": "a job that asks for GPUs has to say how many nodes",
        "attempt": "a submission that timed out is none",
        "rule": "the closing lines name a failed job",
        "wildcards_dict": "the closing lines name a failed job",
        "log": "the closing lines name its log",
        "output": "a job of a failed group that was finished has its output",
        "is_group": "the jobs of a group are named one by one",
    },
    "snakemake.settings.types:ExecutionSettings": {"latency_wait": "jobs wait as long for pictures"},
    "snakemake.settings.types:OutputSettings": {
        "quiet": "the value of --quiet",
        "dryrun": "a dry run shows its jobs, whatever the profile says",
    },
    "snakemake.settings.enums:Quietness": {
        "PROGRESS": "in --quiet if a run's steps are not to be shown",
        "HOST": "a dry run shows its jobs, not the machine",
    },
    "snakemake.logging": {"logger": "its handlers print what Snakemake says"},
    "snakemake.logging:DefaultFilter": {"quiet": "what a handler leaves out"},
    "snakemake_interface_logger_plugins.common:LogEvent": {"JOB_FINISHED": "the next forecast may be told"},
}
USES_OF_PLUGIN = {
    "snakemake_executor_plugin_slurm:Executor": {
        "_report_job_error_threadsafe": "is called if sbatch fails, and counts an attempt",
    },
}
# sbatch's words where the controller is too busy, or away for a moment.
_TIMED_OUT = re.compile("timed out|Unable to contact slurm controller", re.IGNORECASE)
MAX_TIMEOUTS = 5
# What Snakemake says of each run and step though --quiet names all of it.
_CHATTER = (
    "Assuming unrestricted shared filesystem usage",
    "Building DAG of jobs",
    "Complete log(s):",
    "Conda environments: ignored",
    "Elapsed time:",
    "Execute ",
    "Select jobs to execute",
    "Using shell:",
    # The closing lines say it, with the cause.
    "Exiting because a job execution failed",
    "RuleException:\nCalledProcessError",
    "WorkflowError:\nAt least one job did not complete successfully",
)


class RunOutput:
    """What a running Snakemake prints, and what becomes of its jobs.

    Args:
        workflow: the `workflow` of a Snakefile.
    """

    def __init__(self, workflow: Any) -> None:
        check_uses(SNAKEMAKE, USES_FOR_OUTPUT)
        self._workflow = workflow

    def quieten(self) -> None:
        """Print nothing of Snakemake's steps where the run's progress is not to be shown.

        The log in `.snakemake/log` has all of it, and a dry run shows its jobs.
        """
        from snakemake.logging import DefaultFilter, logger
        from snakemake.settings.enums import Quietness

        settings = self._workflow.output_settings
        if Quietness.PROGRESS not in (settings.quiet or ()):
            return
        for handler in logger.handlers:
            if settings.dryrun or isinstance(handler, logging.FileHandler):
                for shown in handler.filters:
                    if isinstance(shown, DefaultFilter):
                        shown.quiet = {Quietness.HOST} if settings.dryrun else set()
            else:
                handler.addFilter(lambda record: not record.getMessage().startswith(_CHATTER))

    @property
    def latency_wait(self) -> int:
        """The seconds that Snakemake waits for a job's files; known once the rules are read."""
        return int(self._workflow.execution_settings.latency_wait)

    def after_each_job(self, call: Callable[[], object]) -> None:
        """Call a function whenever a job has finished."""
        from snakemake.logging import logger
        from snakemake_interface_logger_plugins.common import LogEvent

        class AfterJob(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                if getattr(record, "event", None) == LogEvent.JOB_FINISHED:
                    call()

        logger.addHandler(AfterJob())
        # Else no such event is logged; the terminal's filter leaves out what is not to be shown.
        self._workflow.scheduler.print_progress = True

    def failed_jobs(self) -> list[tuple[str, dict[str, str], list[str]]]:
        """Return rule, wildcards and logs of each job that failed; of a group, those without an output."""
        return [
            (job.rule.name, dict(job.wildcards_dict), list(map(str, job.log)))
            for failed in self._workflow.scheduler.failed
            for job in (failed.jobs if failed.is_group() else [failed])
            if not failed.is_group() or not all(map(os.path.exists, job.output))
        ]

    def jobs_without(self, resource: str) -> list[str]:
        """Return the rules of the jobs to be sent that ask for GPUs and do not say how much of a resource."""
        # Copies, since Snakemake may evaluate a job's resources again once its inputs are there.
        jobs = [copy(job) for job in self._workflow.dag.needrun_jobs() if not job.is_local]
        asking = [job for job in jobs if job.resources.get("gpu") and job.resources.get(resource) is None]
        return sorted({job.rule.name for job in asking})

    def forgive_timeouts(self) -> None:
        """Send a job again as it was if sbatch timed out; an attempt more would ask for twice the memory."""
        plugin: Any = sys.modules.get(PLUGIN.replace("-", "_"))
        if plugin is None:
            return
        check_uses(PLUGIN, USES_OF_PLUGIN)
        report = plugin.Executor._report_job_error_threadsafe
        timeouts: Counter[int] = Counter()

        def forgiving(executor: Any, job_info: Any, msg: str) -> None:
            cause, job = msg.partition("sbatch call:")[0].strip(), job_info.job
            if _TIMED_OUT.search(cause) and timeouts[id(job)] < MAX_TIMEOUTS:
                timeouts[id(job)] += 1
                job.attempt -= 1
                executor.logger.error(f"sbatch timed out, so {job.name} is sent again as it was: {cause}")
            report(executor, job_info, msg)

        plugin.Executor._report_job_error_threadsafe = forgiving
