"""What Snakemake prints, and its uses beyond its documentation."""

import logging
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import snakemake.api  # noqa: F401 - its modules cannot be imported in any order
import snakemake_executor_plugin_slurm  # noqa: F401
from snakemake.logging import DefaultFilter, logger
from snakemake.settings.enums import Quietness
from snakemake_interface_logger_plugins.common import LogEvent

from snakedit.workflow import snakemake_output
from snakedit.workflow.snakemake_internals import PLUGIN, SNAKEMAKE, check_uses
from snakedit.workflow.snakemake_output import MAX_TIMEOUTS, USES_FOR_OUTPUT, USES_OF_PLUGIN, RunOutput

STEPS = {Quietness.RULES, Quietness.PROGRESS, Quietness.HOST}


@pytest.fixture
def handlers(monkeypatch, tmp_path):
    """A handler of the terminal and one of a file, as Snakemake makes them."""
    made = [logging.StreamHandler(), logging.FileHandler(tmp_path / "log")]
    for handler in made:
        handler.addFilter(DefaultFilter(STEPS, False, False, False, False))
    monkeypatch.setattr(logger, "handlers", made)
    return made


def output(quiet=STEPS, dryrun=False, failed=()):
    settings = SimpleNamespace(quiet=quiet, dryrun=dryrun)
    return RunOutput(SimpleNamespace(output_settings=settings, scheduler=SimpleNamespace(failed=failed)))


def passes(handler, text, event=None):
    record = logging.LogRecord("snakemake", logging.INFO, "", 0, text, (), None)
    record.event = event
    return bool(handler.filter(record))


def test_every_use_is_in_the_table_and_in_the_installed_version():
    check_uses(SNAKEMAKE, USES_FOR_OUTPUT)
    text = Path(snakemake_output.__file__).read_text(encoding="utf-8")
    used = set(re.findall(r"self\._workflow\.(\w+)", text))
    assert used == set(USES_FOR_OUTPUT["snakemake.workflow:Workflow"])
    check_uses(PLUGIN, USES_OF_PLUGIN)
    for names in (*USES_FOR_OUTPUT.values(), *USES_OF_PLUGIN.values()):
        for name in names:
            assert len(re.findall(rf"\b{name}\b", text)) > 1, f"{name} is not used"


def test_steps_go_to_the_log_only_and_what_else_is_said_to_both(handlers):
    output().quieten()
    terminal, file = handlers
    for text, event in (("Select jobs to execute...", None), ("rule edit:", LogEvent.JOB_INFO)):
        assert not passes(terminal, text, event)
        assert passes(file, text, event)
    for handler in handlers:
        assert passes(handler, "Nothing to be done (all requested files are present).")
        assert passes(handler, "Unlocked working directory.")


def test_a_dry_run_shows_its_jobs(handlers):
    output(dryrun=True).quieten()
    assert all(passes(handler, "rule edit:", LogEvent.JOB_INFO) for handler in handlers)


def test_who_asks_for_steps_sees_them(handlers):
    output(quiet={Quietness.HOST}).quieten()
    assert all(passes(handler, "Select jobs to execute...") for handler in handlers)


def test_a_function_is_called_after_each_job(handlers):
    calls = []
    run = output()
    run.after_each_job(lambda: calls.append(1))
    assert run._workflow.scheduler.print_progress, "else Snakemake logs no such event"
    logger.warning("a job", extra={"event": LogEvent.JOB_FINISHED})
    logger.warning("something else")
    assert calls == [1]


def test_of_a_failed_group_the_jobs_without_output_have_failed(tmp_path):
    (tmp_path / "made").touch()

    def job(name, result):
        rule = SimpleNamespace(name=name)
        return SimpleNamespace(
            rule=rule, wildcards_dict={"editor": "e"}, log=["l"], output=[result], is_group=lambda: False
        )

    jobs = [job("done", str(tmp_path / "made")), job("broken", str(tmp_path / "none"))]
    group = SimpleNamespace(jobs=jobs, is_group=lambda: True)
    alone = job("alone", str(tmp_path / "made"))
    found = output(failed=[group, alone]).failed_jobs()
    assert found == [("broken", {"editor": "e"}, ["l"]), ("alone", {"editor": "e"}, ["l"])]


def test_gpu_jobs_that_do_not_say_how_many_nodes_are_found():
    def job(name, is_local=False, **resources):
        return SimpleNamespace(rule=SimpleNamespace(name=name), is_local=is_local, resources=resources)

    jobs = [job("edit", gpu=1), job("edit", gpu=2), job("score", gpu=1, nodes=1)]
    jobs += [job("prepare", gpu=0), job("report", is_local=True, gpu=1)]
    run = RunOutput(SimpleNamespace(dag=SimpleNamespace(needrun_jobs=lambda: jobs)))
    assert run.jobs_without("nodes") == ["edit"]


TIMEOUT = (
    "SLURM sbatch failed. The error message was 'sbatch: error: Socket timed out on send/recv operation'."
)


@pytest.mark.parametrize(
    ("message", "attempts"),
    [
        (TIMEOUT, [1] * MAX_TIMEOUTS + [2, 3]),
        (
            TIMEOUT.replace("Socket timed out on send/recv operation", "invalid partition"),
            [2, 3, 4, 5, 6, 7, 8],
        ),
        ("SLURM sbatch failed.\n    sbatch call:\n        sbatch 'timed out'", [2, 3, 4, 5, 6, 7, 8]),
    ],
)
def test_a_time_out_of_sbatch_is_told_and_is_no_attempt(monkeypatch, message, attempts):
    """The function that counts an attempt stands for Snakemake's."""
    plugin, told = sys.modules["snakemake_executor_plugin_slurm"], []
    job = SimpleNamespace(attempt=1, name="edit_e1")

    def count(executor, job_info, msg):
        job_info.job.attempt += 1

    monkeypatch.setattr(plugin.Executor, "_report_job_error_threadsafe", count)
    output().forgive_timeouts()
    executor = SimpleNamespace(logger=SimpleNamespace(error=told.append))
    seen = []
    for _ in attempts:
        plugin.Executor._report_job_error_threadsafe(executor, SimpleNamespace(job=job), message)
        seen.append(job.attempt)
    assert seen == attempts
    assert len(told) == (MAX_TIMEOUTS if attempts[0] == 1 else 0)
    assert all("edit_e1 is sent again as it was" in line for line in told)
