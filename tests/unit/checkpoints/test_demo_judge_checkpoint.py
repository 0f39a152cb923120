from snakedit.checkpoints import DEMO_JUDGE, ensure_checkpoint


def test_the_demos_judge_is_the_shipped_one(tmp_path):
    folder = tmp_path / "demo-judge"
    assert ensure_checkpoint(folder)
    names = {path.relative_to(DEMO_JUDGE) for path in DEMO_JUDGE.rglob("*") if path.is_file()}
    assert {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()} == names
    assert all((folder / name).read_bytes() == (DEMO_JUDGE / name).read_bytes() for name in names)
