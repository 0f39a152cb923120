"""What a running Snakemake prints, and which of its jobs have failed: uses beyond its documentation."""

import logging
import os
from collections.abc import Callable
from typing import Any

from snakedit.workflow.snakemake_internals import SNAKEMAKE, check_uses

# Class or module → what is used of it, and why.
USES_FOR_OUTPUT = {
    "snakemake.workflow:Workflow": {
        "output_settings": "holds --quiet",
        "scheduler": "holds the failed jobs",
        "execution_settings": "holds --latency-wait",
    },
    "snakemake.scheduling.job_scheduler:JobScheduler": {"failed": "the jobs whose last attempt has failed"},
    "snakemake.jobs:Job": {
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
    """What a running Snakemake prints, and which of its jobs have failed.

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

    def failed_jobs(self) -> list[tuple[str, dict[str, str], list[str]]]:
        """Return rule, wildcards and logs of each job that failed; of a group, those without an output."""
        return [
            (job.rule.name, dict(job.wildcards_dict), list(map(str, job.log)))
            for failed in self._workflow.scheduler.failed
            for job in (failed.jobs if failed.is_group() else [failed])
            if not failed.is_group() or not all(map(os.path.exists, job.output))
        ]
