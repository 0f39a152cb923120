"""What a cluster needs: a shared filesystem, and a profile that says again what it takes the place of."""

from pathlib import Path

import pytest
import yaml

from snakedit.cluster import FOLDER_VARIABLE, RUN_FOLDER, check_folder, check_storage, name_folder
from snakedit.errors import ConfigError, StageError


def test_storage_that_shares_no_input_and_output_is_refused():
    check_storage(["persistence", "input-output"])
    with pytest.raises(
        ConfigError, match=r"--shared-fs-usage: lacks input-output \(persistence\); the nodes must"
    ):
        check_storage(["persistence"])


def test_a_job_in_its_runs_folder_may_begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(FOLDER_VARIABLE, "")
    name_folder()
    RUN_FOLDER.mkdir(parents=True)
    check_folder()


@pytest.mark.parametrize("place", ["elsewhere", "here"])
def test_a_job_that_does_not_see_its_runs_folder_is_refused(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    # SLURM starts it in /tmp; or the node has a folder of that name of its own.
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path if place == "here" else tmp_path / "mine"))
    monkeypatch.setenv("SLURMD_NODENAME", "n7")
    with pytest.raises(StageError, match="n7: does not see the folder of its run"):
        check_folder()


def test_the_profile_for_slurm_repeats_the_default_one():
    profiles = Path(__file__).resolve().parents[2] / "profiles"
    default, slurm = (
        yaml.safe_load((profiles / name / "profile.yaml").read_text(encoding="utf-8"))
        for name in ("default", "slurm")
    )
    # Cores are those of this machine.
    del default["cores"]
    assert {key: slurm.get(key) for key in default} == default
