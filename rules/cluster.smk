# Sending jobs to nodes. Requires the plan. Makes nothing.

from snakedit.workflow.slurm import (
    COMMENT,
    check_nodes,
    check_queue,
    check_submission,
    check_tools,
    robust_query,
)


resource_scopes:
    gpu="local",
    nodes="local",


SNAKEMAKE.prepare_submissions(robust_query)
OUTPUT.forgive_timeouts()


def check_submissions():
    """Refuse what SLURM or its plugin would not take, before a job is sent.

    Later, Snakemake names no cause for a group that SLURM refuses, and does not end if the plugin refuses one.
    """
    SNAKEMAKE.check_plugin()
    try:
        check_tools()
        check_nodes(OUTPUT.jobs_without("nodes"))
        check_queue(SNAKEMAKE.submission_folder, SNAKEMAKE.jobname_prefix)
        for command, job in SNAKEMAKE.submissions(COMMENT).items():
            check_submission(command, job)
    except _INTERNALS.SubmissionError as error:
        sys.exit(line_of(ConfigError(str(error))))
    except SnakeditError as error:
        sys.exit(line_of(error))
