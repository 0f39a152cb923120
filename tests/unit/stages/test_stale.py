"""The script by which a report's pages know that results have changed."""

from snakedit.stages.stale import mark_stale, state_of


def test_only_a_report_that_was_built_is_marked_and_once(tmp_path):
    mark_stale(tmp_path)
    assert not list(tmp_path.iterdir())
    state = tmp_path / "report" / "state.js"
    state.parent.mkdir()
    state.write_text(state_of(""))
    mark_stale(tmp_path)
    assert "dataset.stale" in state.read_text()
    first = state.stat().st_mtime_ns
    mark_stale(tmp_path)
    assert state.stat().st_mtime_ns == first
