"""The benches by name, and the file that keeps their measurements."""

import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from snakedit.core.atomic import write_whole
from snakedit.core.errors import ConfigError, did_you_mean
from tools.bench.demo_judge_quality import measure_demo_judge
from tools.bench.failing_device import measure_failing_device
from tools.bench.hostile import measure_hostile
from tools.bench.interval_coverage import measure_interval_coverage
from tools.bench.judging import measure_judging
from tools.bench.measurement import Measurement
from tools.bench.reading import measure_reading
from tools.bench.real_models import measure_real_models
from tools.bench.scale import measure_scale
from tools.bench.server import measure_server
from tools.bench.simulated_runs import measure_driver_memory, measure_long_tail, measure_run
from tools.bench.speed_claims import (
    measure_baseline,
    measure_old_projection,
    measure_prediction,
    measure_tiny_models,
)

# Each takes an empty folder to work in.
BENCHES: Mapping[str, Callable[[Path], list[Measurement]]] = {
    "run": measure_run,
    "long_tail": measure_long_tail,
    "driver_memory": measure_driver_memory,
    "failing_device": measure_failing_device,
    "scale": measure_scale,
    "reading": measure_reading,
    "judging": measure_judging,
    "interval_coverage": lambda _: measure_interval_coverage(),
    "demo_judge": lambda _: measure_demo_judge(),
    "old_projection": measure_old_projection,
    "baseline": measure_baseline,
    "prediction": measure_prediction,
    "compare": measure_tiny_models,
    "server": measure_server,
    "hostile": measure_hostile,
    "models": lambda _: measure_real_models(),
}


def run_benches(only: Sequence[str], output: Path) -> list[Measurement]:
    """Run the named benches, or all, and write their values as one flat JSON object.

    Raises:
        ConfigError: for a name that is not in `BENCHES`.
    """
    for name in only:
        if name not in BENCHES:
            raise ConfigError(
                f"no bench is called that{did_you_mean(name, BENCHES)}",
                where=f"ONLY={name}",
                allowed=", ".join(BENCHES),
            )
    measurements: list[Measurement] = []
    for name, bench in BENCHES.items():
        if not only or name in only:
            print(f"bench {name} …", file=sys.stderr, flush=True)
            with tempfile.TemporaryDirectory(prefix="snakedit-bench-") as folder:
                measurements += bench(Path(folder))
    old = json.loads(output.read_text(encoding="utf-8")) if only and output.exists() else {}
    content = {**old, **{measurement.name: measurement.value for measurement in measurements}}
    write_whole(output, [json.dumps(content, indent=1) + "\n"])
    return measurements
