from snakedit.config.load import DEMO_JUDGE_NAME
from snakedit.demo.checkpoints import DEMO_JUDGE, ensure_checkpoint, is_built


def test_the_demos_judge_is_the_shipped_one(tmp_path):
    folder = tmp_path / "demo-judge"
    assert ensure_checkpoint(folder)
    names = {path.relative_to(DEMO_JUDGE) for path in DEMO_JUDGE.rglob("*") if path.is_file()}
    assert {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()} == names
    assert all((folder / name).read_bytes() == (DEMO_JUDGE / name).read_bytes() for name in names)


def test_a_judge_of_another_version_is_replaced(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / DEMO_JUDGE_NAME
    assert ensure_checkpoint(folder)
    assert is_built(folder)
    assert not ensure_checkpoint(folder)
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"!")
    assert not is_built(folder)
    assert ensure_checkpoint(folder)
    assert weights.read_bytes() == (DEMO_JUDGE / "model.safetensors").read_bytes()
