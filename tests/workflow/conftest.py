"""The small experiment before and after its first run."""

import shutil
from pathlib import Path

import pytest
from experiments import Experiment, write_small_experiment


@pytest.fixture
def experiment(tmp_path: Path) -> Experiment:
    """The small experiment before its first run."""
    return write_small_experiment(tmp_path)


@pytest.fixture(scope="session")
def _finished(tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    experiment = write_small_experiment(tmp_path_factory.mktemp("finished"))
    run = experiment.run()
    assert run.code == 0, run.output
    return experiment


@pytest.fixture
def finished(_finished: Experiment, tmp_path: Path) -> Experiment:
    """A copy, in a folder of its own, of the small experiment after a whole run."""
    folder = tmp_path / "moved"
    shutil.copytree(_finished.folder, folder)
    return Experiment(folder)
