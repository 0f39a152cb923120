"""What Snakemake prints, and its uses beyond its documentation."""

import logging
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import snakemake.api  # noqa: F401 - its modules cannot be imported in any order
from snakemake.logging import DefaultFilter, logger
from snakemake.settings.enums import Quietness
from snakemake_interface_logger_plugins.common import LogEvent

from snakedit.workflow import snakemake_output
from snakedit.workflow.snakemake_internals import SNAKEMAKE, check_uses
from snakedit.workflow.snakemake_output import USES_FOR_OUTPUT, RunOutput

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
    for names in USES_FOR_OUTPUT.values():
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
    output().after_each_job(lambda: calls.append(1))
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
