# What a run needs that sends its jobs to nodes. Requires the plan. Makes nothing.

from copy import copy

from snakemake.exceptions import WorkflowError

from snakedit.workflow.slurm import (
    COMMENT,
    ask_again,
    check_queue,
    check_submission,
    check_tools,
)

SLURM = sys.modules.get("snakemake_executor_plugin_slurm")


resource_scopes:
    gpu="local",
    nodes="local",


# Where jobs are sent to nodes, those of a group have one node, and follow each other in what they ask of it.
# The plugin says nothing of groups to the node, which then gives each member a step, and a load, of its own.
if not workflow.remote_exec or workflow.resource_settings.nodes:
    workflow.register_resource("nodes", 1)
if SLURM:
    SLURM.common_settings.pass_group_args = True
    SLURM.query_job_status = ask_again(SLURM.query_job_status)


def submission(job):
    """The plugin's call of sbatch for a job or a group, but for what is to be run.

    Raises:
        WorkflowError: if the plugin would not send it.
    """
    executor = workflow.scheduler._executor
    SLURM.validate_slurm_extra(job)
    words = {
        "run_uuid": "snakedit",
        "slurm_logfile": os.devnull,
        "comment_str": COMMENT,
        "account": next(executor.get_account_arg(job)),
        "partition": executor.get_partition_arg(job),
        "workdir": workflow.workdir_init,
    }
    settings = workflow.executor_settings
    return SLURM.get_submit_command(job, words, settings) + SLURM.set_gres_string(job)


def check_submissions():
    """Refuse what SLURM or its plugin would not take, before a job is sent.

    Later, of a group that SLURM refuses Snakemake tells no cause, and for one that the plugin refuses it
    waits for ever.
    """
    calls = {}
    try:
        check_tools()
        prefix = workflow.executor_settings.jobname_prefix
        check_queue(Path(workflow.workdir_init), prefix)
        dag = workflow.dag
        jobs = [job for job in dag.needrun_jobs() if not job.is_local]
        for job in dict.fromkeys(dag.get_job_group(job) or job for job in jobs):
            # A copy, since resources are kept that could be told better when the inputs are there.
            calls.setdefault(submission(copy(job)), job.name)
        for call, name in calls.items():
            check_submission(call, name)
    except WorkflowError as error:
        sys.exit(f"snakedit: ConfigError: {' '.join(str(error).split())}")
    except SnakeditError as error:
        sys.exit(line_of(error))
