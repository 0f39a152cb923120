"""Judge one editor's edits of one category: what has no score yet, on all the devices this job may have."""

from collections.abc import Sequence
from pathlib import Path

from snakedit.core.errors import exit_in_one_line
from snakedit.stages.command_line import job_context, job_parser


def main(argv: Sequence[str] | None = None) -> None:
    """Parse the command line and judge."""
    parser = job_parser(__doc__)
    parser.add_argument("--judge", required=True, help="the judge's name in the configuration")
    parser.add_argument("--edits", type=Path, required=True, help="edits.jsonl of the editor")
    args = parser.parse_args(argv)
    # Imported only now, so that a question about the command line is answered at once.
    from snakedit.core.logs import log_to
    from snakedit.core.registry import find
    from snakedit.stages.score_category import score_category
    from snakedit.workflow.resolved import read_run

    log_to(args.log)
    run = read_run(args.config)
    judge = find(run.judges, args.judge, "--judge")
    job = job_context(args, "score_category", args.judge, Path(__file__).parent)
    score_category(
        judge, args.editor, judge.run_of(run.config.run), args.items, args.edits, args.output, job, args.shard
    )


if __name__ == "__main__":
    exit_in_one_line(main)
