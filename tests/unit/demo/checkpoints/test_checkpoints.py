import threading

import build_demo_checkpoints
import pytest

from snakedit.config.load import DEMO_JUDGE_NAME
from snakedit.core.errors import CheckpointError
from snakedit.demo import checkpoints
from snakedit.demo.checkpoints import DEMO_JUDGE, ensure_checkpoint, is_built


@pytest.fixture(autouse=True)
def _no_cache_here(tmp_path, monkeypatch):
    # Revisions are cached under the working directory.
    monkeypatch.chdir(tmp_path)


def test_the_demos_judge_is_the_shipped_one(tmp_path):
    folder = tmp_path / "demo-judge"
    assert ensure_checkpoint(folder)
    names = {path.relative_to(DEMO_JUDGE) for path in DEMO_JUDGE.rglob("*") if path.is_file()}
    assert {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()} == names
    assert all((folder / name).read_bytes() == (DEMO_JUDGE / name).read_bytes() for name in names)


def test_a_judge_of_another_version_is_replaced(tmp_path):
    folder = tmp_path / DEMO_JUDGE_NAME
    assert ensure_checkpoint(folder)
    assert is_built(folder)
    assert not ensure_checkpoint(folder)
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"!")
    assert not is_built(folder)
    assert ensure_checkpoint(folder)
    assert weights.read_bytes() == (DEMO_JUDGE / "model.safetensors").read_bytes()


def test_a_checkpoint_that_is_there_is_not_built_again(tiny_editor):
    before = {path: path.stat().st_mtime_ns for path in tiny_editor.rglob("*")}
    assert not ensure_checkpoint(tiny_editor)
    assert {path: path.stat().st_mtime_ns for path in tiny_editor.rglob("*")} == before


def test_a_failed_build_leaves_nothing_behind(tmp_path, monkeypatch):
    def fail_halfway(folder):
        (folder / "half").touch()
        raise OSError("no space left")

    monkeypatch.setitem(checkpoints.CHECKPOINTS, "qwen3-vl-tiny", fail_halfway)
    with pytest.raises(OSError, match="no space"):
        ensure_checkpoint(tmp_path / "qwen3-vl-tiny")
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []


def test_two_at_once_build_it_once(tmp_path, monkeypatch):
    built = []
    both_started = threading.Barrier(2)

    def build(folder):
        built.append(folder)
        (folder / "weights").touch()

    def ensure():
        both_started.wait()
        outcomes.append(ensure_checkpoint(tmp_path / "qwen3-vl-tiny"))

    monkeypatch.setitem(checkpoints.CHECKPOINTS, "qwen3-vl-tiny", build)
    outcomes: list[bool] = []
    threads = [threading.Thread(target=ensure) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [False, True]
    assert len(built) == 1


def test_an_unknown_name_is_reported_with_the_known_ones(tmp_path):
    with pytest.raises(CheckpointError, match="allowed: qwen-image-edit-tiny"):
        ensure_checkpoint(tmp_path / "qwen-image-edit-huge")


def test_the_entry_point_says_what_it_built(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(checkpoints.CHECKPOINTS, "qwen3-vl-tiny", lambda folder: None)
    for _ in range(2):
        build_demo_checkpoints.main([str(tmp_path / "qwen3-vl-tiny")])
    assert [line.rpartition(": ")[2] for line in capsys.readouterr().out.splitlines()] == [
        "built",
        "is there",
    ]
