# What a run needs that sends its jobs to nodes. Requires the plan. Makes nothing.

from snakedit.workflow.slurm import (
    COMMENT,
    ask_again,
    check_queue,
    check_submission,
    check_tools,
)


resource_scopes:
    gpu="local",
    nodes="local",


SNAKEMAKE.prepare_submissions(ask_again)


def check_submissions():
    """Refuse what SLURM or its plugin would not take, before a job is sent.

    Later, Snakemake names no cause for a group that SLURM refuses, and does not end if the plugin refuses one.
    """
    SNAKEMAKE.check_plugin()
    try:
        check_tools()
        check_queue(SNAKEMAKE.submission_folder, SNAKEMAKE.jobname_prefix)
        for command, job in SNAKEMAKE.submissions(COMMENT).items():
            check_submission(command, job)
    except ValueError as error:
        sys.exit(line_of(ConfigError(str(error))))
    except SnakeditError as error:
        sys.exit(line_of(error))
