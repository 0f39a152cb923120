"""The last lines of a run."""

import csv
import os
from pathlib import Path

import pytest

from snakedit.workflow.closing import MAX_NAMED, cause_in, lines_of_failure, lines_of_success

ERROR = "2026-01-01 00:00:00,1 ERROR "
INFO = "2026-01-01 00:00:00,1 INFO "


def job(folder: Path, number: int, text: str | None):
    """A job that ended at a second of the clock, with a log of some text."""
    log = folder / f"{number}.log"
    if text is not None:
        log.write_text(text, encoding="utf-8")
        os.utime(log, (number, number))
    return "edit_category", {"benchmark": "b", "editor": "e", "category": f"c{number}"}, [str(log)]


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (f"{INFO}begins\n{ERROR}StageError: no room\n", "StageError: no room"),
        (f"{ERROR}a\n{ERROR}b\n{INFO}later\n", "b"),
        (f"{ERROR}a fault\nTraceback (most recent call last):\n  File\nKeyError: 'x'\n", "KeyError: 'x'"),
        (f"{INFO}3 of 4 done\n", "was ended from outside, after: 3 of 4 done"),
        ("", "was ended from outside"),
        (None, "left no log; a job that is killed at once leaves none"),
    ],
)
def test_the_cause_is_the_logs_last_error(tmp_path, text, cause):
    log = tmp_path / "x.log"
    if text is not None:
        log.write_text(text, encoding="utf-8")
    assert cause_in(log) == cause


def test_failed_jobs_are_told_by_time_with_cause_and_log(tmp_path):
    jobs = [
        job(tmp_path, 9, f"{ERROR}StageError: edit_category e/c9: the second\n"),
        job(tmp_path, 3, f"{ERROR}DeviceError: the first\n"),
        job(tmp_path, 1, None),
    ]
    head, first, second, third, on, preview = lines_of_failure(jobs, "snakemake -c1", "python p.py")
    assert head.startswith("3 jobs failed")
    assert first.strip() == f"edit_category e/c3: DeviceError: the first (log: {tmp_path / '3.log'})"
    assert second.strip() == f"edit_category e/c9: the second (log: {tmp_path / '9.log'})"
    assert third.strip().startswith("edit_category e/c1: left no log")
    assert on.endswith("snakemake -c1")
    assert preview.endswith("python p.py")


def test_many_failed_jobs_are_counted(tmp_path):
    lines = lines_of_failure([job(tmp_path, n, f"{ERROR}x\n") for n in range(MAX_NAMED + 7)], "a", "b")
    assert len(lines) == MAX_NAMED + 4
    assert lines[MAX_NAMED + 1].strip() == "and 7 more"


def test_a_run_that_was_ended_says_how_to_go_on():
    assert lines_of_failure([], "snakemake", "p")[0].endswith("go on with: snakemake")


def test_success_names_each_report_and_what_is_missing_in_it(tmp_path):
    for name, failures in (("a", "item\n"), ("b", "item\n1\n2\n")):
        folder = tmp_path / name / "report"
        folder.mkdir(parents=True)
        (folder / "index.html").touch()
        (folder / "failures.csv").write_text(failures, encoding="utf-8")
    whole, partial = lines_of_success([tmp_path / "a", tmp_path / "b", tmp_path / "none"])
    assert whole == f"finished; the report: {tmp_path / 'a' / 'report' / 'index.html'}"
    assert (
        f"edits and scores that are missing: 2, see {tmp_path / 'b' / 'report' / 'failures.csv'}" in partial
    )
    csv.field_size_limit(131072)
    (tmp_path / "a" / "report" / "failures.csv").write_text(f"item\n{'long ' * 100_000}\n", encoding="utf-8")
    assert "edits and scores that are missing: 1, see" in lines_of_success([tmp_path / "a"])[0]
    assert lines_of_success([tmp_path / "none"]) == ["finished; no report was asked for"]
