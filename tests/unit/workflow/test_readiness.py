"""What the jobs of a run lack is refused before the first; what no job needs is not looked at."""

from typing import Any

import pytest
from plans_by_hand import changed, plan

from snakedit.core.errors import SnakeditError
from snakedit.workflow.readiness import check_ready

SERVED = {"type": "openai", "model": "m", "params": {"base_url": "http://127.0.0.1:1/v1"}}
EDIT = ("edit_category", {"editor": "mine"})
SCORE = ("score_shard", {"editor": "sim", "judge": "judge"})


def ready(jobs: list[Any], here: bool = True, **run: Any) -> None:
    config = changed(lambda config: config["judges"].update(judge=SERVED))
    config["editors"]["mine"] = {"type": "files", "params": {"folder": "elsewhere"}}
    config["run"].update(run)
    check_ready(plan(config).run, jobs, "experiment.yaml", here)


@pytest.fixture(autouse=True)
def _no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


def test_a_folder_that_is_not_there_is_refused_with_its_editor():
    with pytest.raises(SnakeditError, match=r"^experiment.yaml: editors.mine: elsewhere: no such folder of"):
        ready([EDIT])


def test_a_missing_key_is_refused_also_on_a_cluster():
    for here in (True, False):
        with pytest.raises(SnakeditError, match=r"judges\.judge: api_key_env: .*OPENAI_API_KEY is not set"):
            ready([SCORE], here)


def test_a_server_that_is_away_is_refused_unless_others_ask_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-0123456789")
    with pytest.raises(SnakeditError, match=r"judges\.judge: the server gave no whole .*probe: false$"):
        ready([SCORE])
    ready([SCORE], here=False)
    ready([SCORE], probe=False)


def test_what_no_job_needs_is_not_looked_at():
    ready([])
    ready([("build_report", {}), ("edit_category", {"editor": "identity"})])
