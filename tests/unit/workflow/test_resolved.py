"""A resolved run: its file, and the weights it was planned with."""

from pathlib import Path

import pytest
from runs_by_hand import run_of, small, through_its_file

from snakedit.core.errors import CheckpointError
from snakedit.workflow.resolved import ResolvedEditor, write_run


def test_a_run_comes_back_from_its_file_as_it_was():
    run = run_of(
        small(
            editors={
                "e": {"type": "simulated", "params": {"seconds": 1}},
                "s": {"type": "shuffled", "params": {"of": "e"}},
            }
        )
    )
    assert through_its_file(run) == run
    assert run.editors["s"].shows == ["e"]
    assert (run.editors["s"].role, run.editors["e"].role) == ("control", "contestant")


def test_runs_that_differ_have_files_of_their_own_and_equal_ones_share_one():
    one, other = run_of(small()), run_of(small(run={"seed": 7}))
    assert write_run(one) == write_run(run_of(small())) != write_run(other)


def checkpoint(folder: Path, weights: bytes = b"1") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "model.safetensors").write_bytes(weights)
    return folder


def test_a_checkpoint_retrained_after_planning_is_refused(tmp_path: Path):
    folder = checkpoint(tmp_path / "model")
    editor = run_of(small(editors={"e": {"type": "qwen_image_edit", "model": str(folder)}})).editors["e"]
    assert editor.weights() == str(folder)
    checkpoint(folder, b"22")
    with pytest.raises(CheckpointError, match="has changed since this run was planned"):
        editor.weights()


def test_an_editor_without_weights_loads_none():
    editor = run_of(small()).editors["e"]
    assert isinstance(editor, ResolvedEditor)
    assert editor.weights() is None
    assert (editor.simulated, editor.needs_device, editor.asks_server) == (True, True, False)
