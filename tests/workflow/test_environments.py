"""Runs in a user's environment that is set otherwise than ours."""

import pytest
from experiments import Experiment


def test_settings_of_the_users_python_do_not_reach_the_jobs(
    experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONSAFEPATH", "1")
    monkeypatch.setenv("PYTHONOPTIMIZE", "2")
    run = experiment.run()
    assert run.code == 0, run.output
