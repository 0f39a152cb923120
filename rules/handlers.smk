# What is done before a run's first job and after its last. Requires the plan. Makes nothing.

from snakedit.speed.forecast.announce import announce
from snakedit.speed.forecast.outlook import Outlook
from snakedit.workflow.closing import close_run
from snakedit.workflow.readiness import check_ready


def begin_run():
    """Check what jobs need, and what would be sent to a cluster; elsewhere tell how long they take, now and later."""
    # Jobs wait for pictures as long as Snakemake does for the records that name them.
    os.environ.update(SNAKEDIT_LATENCY_WAIT=str(OUTPUT.latency_wait))
    try:
        jobs, files = SNAKEMAKE.jobs_to_run(rules), SNAKEMAKE.config_files
        check_ready(
            PLAN.run, jobs, ", ".join(map(str, files)), SNAKEMAKE.place == "local"
        )
    except SnakeditError as error:
        sys.exit(line_of(error))
    if SNAKEMAKE.place == "local":
        announce(PLAN, jobs, SNAKEMAKE.cores)
        outlook = Outlook(PLAN, lambda: SNAKEMAKE.jobs_to_run(rules), SNAKEMAKE.cores)
        OUTPUT.after_each_job(outlook.tell)
    elif SNAKEMAKE.uses_slurm:
        check_submissions()


def end_run(failed=None):
    """End the resident pools, and say what failed, or where the report is, and what to type next."""
    shell("{sys.executable:q} {SCRIPTS:q}/stop_pools.py")
    close_run(PLAN, SCRIPTS, failed)
