"""Edit one category with one editor: what is missing, on all the devices this job may have."""

from collections.abc import Sequence
from pathlib import Path

from snakedit.core.errors import exit_in_one_line
from snakedit.stages.command_line import job_context, job_parser


def main(argv: Sequence[str] | None = None) -> None:
    """Parse the command line and edit."""
    args = job_parser(__doc__).parse_args(argv)
    # Imported only now, so that a question about the command line is answered at once.
    from snakedit.core.logs import log_to
    from snakedit.core.registry import find
    from snakedit.stages.edit_category import edit_category
    from snakedit.stages.judge_ahead import judges_ahead
    from snakedit.workflow.resolved import read_run

    log_to(args.log)
    run = read_run(args.config)
    editor = find(run.editors, args.editor, "--editor")
    job = job_context(args, "edit_category", args.editor, Path(__file__).parent)
    ahead = judges_ahead(run.judges, run.config.run, job)
    edit_category(editor, run.config.run, args.items, args.output, job, args.shard, ahead)


if __name__ == "__main__":
    exit_in_one_line(main)
