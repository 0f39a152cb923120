"""The judges. To add one, write its module and add its line here."""

from snakedit.core.registry import Registry
from snakedit.judges.judge import Judge

JUDGES: Registry[type[Judge]] = Registry(
    {
        "qwen3_vl": "snakedit.judges.qwen3_vl:Qwen3VL",
        "openai": "snakedit.judges.openai_compatible:OpenAICompatible",
        "simulated": "snakedit.judges.simulated_judge:SimulatedJudge",
    },
    base="snakedit.judges.judge:Judge",
    group="snakedit.judges",
)
