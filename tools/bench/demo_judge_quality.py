"""How well the shipped demo judge sees: its examination, on photos and wordings it was never trained on."""

from snakedit.demo.checkpoints import DEMO_JUDGE
from tools.bench.measurement import Measurement
from tools.demo_judge.examination import EXAMINED_CONTROLS, examine_checkpoint

PAIRS, TURNS = 1000, 10


def measure_demo_judge() -> list[Measurement]:
    """Examine the shipped checkpoint."""
    figures = examine_checkpoint(DEMO_JUDGE, PAIRS, TURNS)
    lowest = min(EXAMINED_CONTROLS, key=lambda name: figures[f"auc_{name}"])
    how = f"of {PAIRS} held-out edits with their true marks, Pearson's r"
    return [
        Measurement("demo_judge_pearson", figures["pearson_success"], f"expected success {how}"),
        *(
            Measurement(f"demo_judge_pearson_{name}", figures[f"pearson_{name}"], f"expected {name} {how}")
            for name in ("overediting", "naturalness", "artefacts")
        ),
        Measurement(
            "demo_judge_auc_min", figures[f"auc_{lowest}"], f"reference above a control, the lowest: {lowest}"
        ),
    ]
