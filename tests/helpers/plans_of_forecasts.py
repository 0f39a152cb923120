"""Plans whose run time is forecast, made by hand."""

from pathlib import Path
from types import SimpleNamespace

from runs_by_hand import run_of

from snakedit.speed.forecast.costs import ModelCost, model_key, write_costs

JOBS = [
    ("prepare_category", {"benchmark": "b", "category": "c"}),
    ("edit_category", {"benchmark": "b", "category": "c", "editor": "m"}),
    ("score_category", {"benchmark": "b", "category": "c", "editor": "m", "judge": "j"}),
    ("build_report", {"benchmark": "b"}),
]


def plan(editor=None):
    run = run_of(
        {
            "benchmarks": {"b": {"format": "base64_json", "path": "x"}},
            "editors": {"m": editor or {"type": "simulated"}},
            "judges": {"j": {"type": "simulated"}},
            "run": {"devices": {"kind": "simulated", "count": 2}},
        }
    )
    index = SimpleNamespace(categories={"c": SimpleNamespace(count=40, left_out=[])})
    return SimpleNamespace(
        warn_if_on_cpu=lambda: None,
        run=run,
        config=run.config,
        indexes={"b": index},
        device_count=2,
        device_judges=lambda: ["j"],
    )


def timed(seconds=2.0):
    """A plan whose models an earlier run has timed: an edit of so many seconds, a score of 1 s."""
    made = plan()
    costs = {
        model_key(made.run.editors["m"], "simulated"): ModelCost(0.0, 0.35, {1: seconds}),
        model_key(made.run.judges["j"], "simulated"): ModelCost(0.0, 0.35, {1: 1.0, 4: 1.0}),
    }
    write_costs(Path("results", "b"), costs)
    return made
