"""The last lines of a run: what failed and why, or where the report is, and what to type next."""

import csv
import re
import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from pathlib import Path

from snakedit.workflow.plan import Plan

# Failed jobs that are named.
MAX_NAMED = 5
# A line of a job's log that begins with a time; further lines are a traceback's.
_LOGGED = re.compile(r"\d{4}-\d\d-\d\d \S+ (?P<level>[A-Z]+) (?P<message>.*)")
# Snakemake hands over a job that failed as its rule, its wildcards and its log files.
FailedJob = tuple[str, Mapping[str, str], Sequence[str]]


def close_run(plan: Plan, scripts: Path, failed: Iterable[FailedJob] | None = None) -> None:
    """Print the closing lines of a run to stderr.

    Args:
        plan: the run's.
        scripts: the folder of the entry points.
        failed: the jobs that failed; None where the run succeeded.
    """
    if failed is None:
        lines = lines_of_success([Path("results", name) for name in plan.config.benchmarks])
    else:
        again = shlex.join(["snakemake", *sys.argv[1:]])
        preview = f"python {shlex.quote(str(scripts / 'preview_report.py'))} --config {plan.config_file}"
        lines = lines_of_failure(list(failed), again, preview)
    for line in lines:
        print(f"snakedit: {line}", file=sys.stderr)


def lines_of_success(results: Iterable[Path]) -> list[str]:
    """Return what a run that succeeded ends with: each benchmark's report, and what is missing in it."""
    lines = []
    for folder in results:
        page = folder / "report" / "index.html"
        if page.exists():
            lines.append(f"finished; the report: {page}{_missing_in(page.with_name('failures.csv'))}")
    return lines or ["finished; no report was asked for"]


def lines_of_failure(failed: Sequence[FailedJob], again: str, preview: str) -> list[str]:
    """Return what a run that failed ends with: the failed jobs by the time of their end, and how to go on.

    Args:
        failed: the jobs; empty where Snakemake ended for another cause, such as Ctrl-C.
        again: the command that goes on.
        preview: the command that shows what there is.
    """
    lines = []
    if failed:
        jobs = sorted(failed, key=lambda job: _last_written(job[2]))
        lines.append(f"{len(jobs)} {'jobs' if len(jobs) > 1 else 'job'} failed; the first cause first:")
        lines += [f"  {_named(*job)}" for job in jobs[:MAX_NAMED]]
        more = len(jobs) - MAX_NAMED
        lines += [f"  and {more} more"] if more > 0 else []
        lines.append(f"what is finished is kept; once the cause is mended, go on with: {again}")
    else:
        lines.append(f"the run was ended; what is finished is kept; go on with: {again}")
    lines.append(f"to see what there is: {preview}")
    return lines


def cause_in(log: Path) -> str:
    """Return the cause of a failure that a job's log names: its last error, or its traceback's last line."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return "left no log; a job that is killed at once leaves none"
    errors = [n for n, line in enumerate(lines) if (m := _LOGGED.match(line)) and m["level"] == "ERROR"]
    if not errors:
        last = _LOGGED.match(lines[-1]) if lines else None
        return "was ended from outside" + (f", after: {last['message']}" if last else "")
    message = _LOGGED.match(lines[errors[-1]])
    trace = list(takewhile(lambda line: not _LOGGED.match(line), lines[errors[-1] + 1 :]))
    return trace[-1].strip() if trace else str(message and message["message"])


def _named(rule: str, wildcards: Mapping[str, str], logs: Sequence[str]) -> str:
    """A failed job in one line: which, why, and its log."""
    parts = [wildcards[name] for name in ("judge", "editor", "category", "shard") if name in wildcards]
    name = f"{rule} {'/'.join(parts) or wildcards.get('benchmark', '')}".strip()
    if not logs:
        return name
    cause = cause_in(Path(logs[0])).removeprefix("StageError: ")
    return f"{name}: {cause.removeprefix(f'{name}: ')} (log: {logs[0]})"


def _last_written(logs: Sequence[str]) -> float:
    """When a job last wrote to its log, seconds since 1970; a job without one comes last."""
    return max((Path(log).stat().st_mtime for log in logs if Path(log).exists()), default=float("inf"))


def _missing_in(failures: Path) -> str:
    """The number of rows of a table of failures, as the end of a sentence."""
    if not failures.exists():
        return ""
    # An error may be longer than csv's default allows.
    csv.field_size_limit(2**31 - 1)
    with open(failures, encoding="utf-8", newline="") as file:
        count = sum(1 for _ in csv.reader(file)) - 1
    return f"; edits and scores that are missing: {count:,}, see {failures}" if count > 0 else ""
