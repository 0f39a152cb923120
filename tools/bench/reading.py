"""Reading a benchmark's rows once, for its index, held against Python's own parser on the same file."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

from tools.bench.measurement import Measurement

FILE_BYTES, IMAGE_BYTES, CATEGORY_COUNT = 500_000_000, 1_400_000, 5
ROUNDS = 3
_PARSE = "import json; json.load(open('b.json', encoding='utf-8'))"
_INDEX = """
from pathlib import Path
from snakedit.config.schema import BenchmarkConfig
from snakedit.sources.index import read_index
read_index(BenchmarkConfig(name='b', format='base64_json', path='b.json'), Path('index.json'))
Path('index.json').unlink()
"""
_MEASURED = """
import resource, time
begin = time.process_time()
exec({code!r})
print(time.process_time() - begin, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def measure_reading(folder: Path) -> list[Measurement]:
    """Write a file of 500 MB and read it several times in turns, each time in a new process.

    Returns:
        ``index_vs_json_load``: the CPU time of the index ÷ that of `json.load`, the medians;
        ``index_peak_mb``: the largest peak memory of a process that makes the index.
    """
    _write_benchmark(folder / "b.json")
    rounds = [(_measured(_PARSE, folder), _measured(_INDEX, folder)) for _ in range(ROUNDS)]
    parsing, indexing = (sorted(pair[side][0] for pair in rounds)[ROUNDS // 2] for side in (0, 1))
    size = f"{FILE_BYTES // 1_000_000} MB of base64 rows"
    how = f"{size}, CPU seconds: index {indexing:.2f}, json.load {parsing:.2f}"
    peak = max(index[1] for _, index in rounds)
    return [
        Measurement("index_vs_json_load", indexing / parsing, how),
        Measurement("index_peak_mb", peak, "peak RSS of the process that makes this index"),
    ]


def _write_benchmark(path: Path) -> None:
    with open(path, "w", encoding="utf-8") as file:
        number = 0
        while file.tell() < FILE_BYTES:
            row = {
                "subset": f"c{number % CATEGORY_COUNT}",
                "original_image_path": f"photos/{number}.jpg",
                "edit_instruction_en": f"make {number} red",
                "src_img_b64": base64.b64encode(os.urandom(IMAGE_BYTES)).decode(),
            }
            file.write(("[" if number == 0 else ", ") + json.dumps(row))
            number += 1
        file.write("]")


def _measured(code: str, folder: Path) -> tuple[float, float]:
    """Return the CPU seconds of a piece of code, and the peak memory of its process in MB."""
    library = Path(__file__).parents[2] / "scripts"
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED.format(code=code)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(library)},
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, peak = map(float, done.stdout.split())
    return seconds, peak
