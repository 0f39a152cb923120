"""A run with a Snakemake that the tests have not seen: warned of in one line, or refused in one line."""

from pathlib import Path

from experiments import Experiment, Run

FAKE_VERSION = """
from importlib import metadata

real = metadata.version
metadata.version = lambda package: "99.0" if package == "snakemake" else real(package)
"""
# What a later version may have renamed.
FAKE_RENAME = """
import snakemake.api

del snakemake.workflow.Workflow.register_resource
"""


def run_with(experiment: Experiment, code: str) -> Run:
    """Plan a run of a Python that executes some code as it starts."""
    (experiment.folder / "sitecustomize.py").write_text(code, encoding="utf-8")
    environment = {**experiment.environment(), "PYTHONPATH": str(experiment.folder)}
    experiment.environment = lambda: environment  # type: ignore[method-assign]
    return experiment.run("--dry-run")


def lines_of(run: Run) -> list[str]:
    return [
        line for line in run.output.splitlines() if line.startswith("snakedit: ") and "indexing" not in line
    ]


def test_a_run_with_another_version_is_warned_in_one_line(experiment: Experiment) -> None:
    run = run_with(experiment, FAKE_VERSION)
    assert run.code == 0, run.output
    (line,) = lines_of(run)
    assert line.startswith("snakedit: warning: snakemake 99.0 is not tested; tested: snakemake==")


def test_a_run_whose_snakemake_lacks_a_use_is_refused_in_one_line(experiment: Experiment) -> None:
    run = run_with(experiment, FAKE_VERSION + FAKE_RENAME)
    assert run.code != 0
    (line,) = lines_of(run)
    assert line.startswith(
        "snakedit: ConfigError: snakemake 99.0: lacks Workflow.register_resource; install the"
    )
    assert "snakemake==9.27.1" in line
    assert "Traceback" not in run.output
    assert not Path(experiment.results).exists()
