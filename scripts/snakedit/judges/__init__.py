"""The judges. To add one, write its module and add its line here."""

from snakedit.judges.base import Judge
from snakedit.judges.qwen3_vl import Qwen3VL
from snakedit.judges.simulated import SimulatedJudge

JUDGES: dict[str, type[Judge]] = {
    "qwen3_vl": Qwen3VL,
    "simulated": SimulatedJudge,
}
