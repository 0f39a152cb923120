"""How well the shipped demo judge sees: its examination, on photos and wordings it was never trained on."""

from snakedit.demo.checkpoints import DEMO_JUDGE
from tools.demo_judge.examine import CONTROLS, examination

PAIRS, TURNS = 1000, 10


def measure_demo_judge() -> list[tuple[str, float, str]]:
    """Return name, value and explanation of the figures of the demo judge's examination."""
    found = examination(DEMO_JUDGE, PAIRS, TURNS)
    lowest = min(CONTROLS, key=lambda name: found[f"auc_{name}"])
    how = f"of {PAIRS} held-out edits with their true marks, Pearson's r"
    return [
        ("demo_judge_pearson", found["pearson_success"], f"expected success {how}"),
        *(
            (f"demo_judge_pearson_{name}", found[f"pearson_{name}"], f"expected {name} {how}")
            for name in ("overediting", "naturalness", "artefacts")
        ),
        ("demo_judge_auc_min", found[f"auc_{lowest}"], f"reference above a control, the lowest: {lowest}"),
    ]
