"""Runs made by hand: a configuration as plain data, resolved as a plan resolves it."""

from typing import Any

from snakedit.config.load import normalise
from snakedit.workflow.resolve import check_families, resolve
from snakedit.workflow.resolved import Run, read_run, write_run


def run_of(data: dict[str, Any]) -> Run:
    """Return a configuration's run."""
    normalised = normalise(data, "test")
    run = resolve(normalised, "test")
    check_families(run.config, "test")
    return run


def with_run(run: Run, **changes: Any) -> Run:
    """Return the same run with other keys under its `run`."""
    return run_of({**run.source, "run": {**run.source["run"], **changes}})


def small(**parts: Any) -> dict[str, Any]:
    """Return a configuration of one simulated editor and judge, with other parts."""
    return {
        "benchmarks": {"b": {"format": "base64_json", "path": "x"}},
        "editors": {"e": {"type": "simulated"}},
        "judges": {"j": {"type": "simulated"}},
        **parts,
    }


def through_its_file(run: Run) -> Run:
    """Return a run as its jobs read it."""
    return read_run(write_run(run))
