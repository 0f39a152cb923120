# Requires the plan. Looks over the results: what was changed by hand is refused, and jobs whose pictures were
# deleted or altered run again.

import atexit

from snakedit.workflow.upkeep import Upkeep, look_over

try:
    # A job on a node runs while others write.
    UPKEEP = Upkeep({}, []) if SNAKEMAKE.is_on_node else look_over(PLAN)
except (SnakeditError, OSError) as error:
    sys.exit(line_of(error))
UPKEEP.tell_broken()
# Only when the run ends is it known what of the stale Snakemake does not make again.
if UPKEEP.stale:
    atexit.register(UPKEEP.tell_stale, SNAKEMAKE.settled)


def with_upkeep(input_function):
    """An input function that also makes Snakemake run the jobs whose pictures are broken."""

    def wrapped(wildcards):
        SNAKEMAKE.force(UPKEEP.broken)
        return input_function(wildcards)

    return wrapped
