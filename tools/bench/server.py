"""Whole runs whose editor and judge are behind one bounded server on the loopback.

The ideal is computed from the times that the server took: every slot is busy as long as there is work
for it, and an edit is judged as soon as it is made.
"""

import ctypes
import heapq
import json
import os
import resource
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import yaml

from snakedit.core.errors import StageError
from snakedit.core.records import Score, read_records
from tools.bench.bounded_server import ANSWER, EDIT, SCORE
from tools.bench.experiment import REPOSITORY, Experiment
from tools.bench.measurement import Measurement

EDIT_SLOTS, ANSWER_SLOTS = 6, 8
QUESTIONS = 2
SERVER = {
    "edit_slots": EDIT_SLOTS,
    "answer_slots": ANSWER_SLOTS,
    "edit_seconds": 0.6,
    "answer_seconds": 0.25,
    "sigma": 0.5,
    "side": 512,
}
AT_ONCE: Mapping[str, Any] = {**SERVER, "edit_seconds": 0.0, "answer_seconds": 0.0}
# Shares of requests.
FAULTS = {"unread": 0.05, "broken": 0.03, "busy": 0.02, "refused": 0.02}
SHARES = (0.4, 0.25, 0.2, 0.1, 0.05)
_PR_SET_CHILD_SUBREAPER = 36

Times = Sequence[tuple[str, float, float, float]]


@dataclass(frozen=True)
class ServedRun:
    """A run and what its server saw.

    Attributes:
        began, ended: of Snakemake, in seconds since 1970.
        times: kind, coming, beginning and end of each answered request, in the order of the ends.
        moods: how often the server told ``unread``, ``broken``, ``busy`` or ``refused``.
        cpu: seconds of all its processes.
        largest: peak RSS of its largest process, in MB.
    """

    began: float
    ended: float
    times: Times
    cpu: float
    largest: float
    moods: Mapping[str, int]

    @property
    def first(self) -> float:
        """When the first request came."""
        return min(came for _, came, _, _ in self.times)

    @property
    def last(self) -> float:
        """When the last answer was given."""
        return max(end for *_, end in self.times)

    @property
    def asking(self) -> float:
        """Seconds from the first request to the last answer."""
        return self.last - self.first


def measure_server(folder: Path) -> list[Measurement]:
    """Measure runs of 120 and 600 items, and the client's own cost with answers in no time."""
    runs = {count: served_run(folder / str(count), count, SERVER) for count in (120, 600)}
    many, few = (served_run(folder / f"quick-{count}", count, AT_ONCE) for count in (400, 5))
    cost = (many.cpu - few.cpu) / (len(many.times) - len(few.times))
    faulty = served_run(folder / "faulty", 120, {**SERVER, **FAULTS})
    check_scores(folder / "faulty", 120, faulty.moods)
    first = runs[120]
    how = f"{EDIT_SLOTS} edits and {ANSWER_SLOTS} answers at a time, {QUESTIONS} answers an edit"
    return [
        *(
            Measurement(
                f"server_asking_vs_overlapped{'' if count == 120 else f'_{count}'}",
                run.asking / overlapped(run.times),
                f"first request to last answer of {count} items ÷ the ideal by the server's times; {how}",
            )
            for count, run in runs.items()
        ),
        Measurement(
            "server_faulty_vs_overlapped",
            faulty.asking / overlapped(faulty.times),
            "the same of 120 items with answers unread, refused, of 500 and of 429 with Retry-After;"
            " every score is checked",
        ),
        Measurement("server_asking_s", first.asking, "the same of 120 items, in seconds"),
        Measurement(
            "server_start_s", first.first - first.began, "from Snakemake's start to the first request"
        ),
        Measurement("server_end_s", first.ended - first.last, "from the last answer to Snakemake's end"),
        Measurement("answers_cpu_ms", 1000 * cost, "CPU of all our processes an answer, 400 items less 5"),
        Measurement(
            "answers_s", many.asking, "first request to last answer of 400 items, answers in no time"
        ),
        Measurement("server_largest_mb", first.largest, "peak RSS of the run's largest process"),
    ]


def served_run(folder: Path, count: int, server: Mapping[str, Any]) -> ServedRun:
    """Run Snakemake on items in five unequal categories, with an editor and a judge behind a server.

    Args:
        folder: to work in.
        count: number of items, at least 5.
        server: the arguments of `tools.bench.bounded_server.BoundedServer`.
    """
    sizes = [max(1, round(count * share)) for share in SHARES]
    sizes[0] += count - sum(sizes)
    experiment = Experiment(folder, {f"c{n}": size for n, size in enumerate(sizes)})
    with serving(server) as address:
        _configure(experiment, address)
        began = time.time()
        cpu, largest = _watched(experiment)
        ended = time.time()
        with urllib.request.urlopen(f"{address}/times") as answer:
            seen = json.load(answer)
    times = [tuple(entry) for entry in seen["times"]]
    return ServedRun(began, ended, times, cpu, largest, seen["moods"])


def check_scores(folder: Path, count: int, moods: Mapping[str, int]) -> None:
    """Compare a run's scores with what its server told.

    Raises:
        StageError: if a score is not the one that the server gave, or a count of the others does not fit.
    """
    paths = sorted((folder / "results/bench/scores/critic/painter").glob("*/scores.jsonl"))
    scores = [score for path in paths for score in read_records(path, Score)]
    statuses = Counter(score.status for score in scores)
    is_right = all(score.score == SCORE for score in scores if score.status == "ok")
    # An edit with one such answer has no score, and may have a second one.
    fits = all(
        told / QUESTIONS <= statuses[status] <= told
        for status, told in (("unparsed", moods["unread"]), ("refused", moods["refused"]))
    )
    if not is_right or not fits or statuses["failed"] or len(scores) != count:
        raise StageError(f"the server told {dict(moods)}, the scores are {dict(statuses)}", where="bench")


def overlapped(times: Times) -> float:
    """Return the seconds from the first request to the last answer if no slot ever waited for a client."""
    edits = [end - began for kind, _, began, end in times if kind == EDIT]
    answers = [end - began for kind, _, began, end in times if kind == ANSWER]
    made = _schedule(edits, [0.0] * len(edits), EDIT_SLOTS)
    asked = sorted(end for end in made for _ in range(QUESTIONS))
    return max([*made, *_schedule(answers, asked, ANSWER_SLOTS)])


def _schedule(seconds: Sequence[float], ready: Sequence[float], slots: int) -> list[float]:
    """When each task ends, taken in order by the slot that is free first."""
    free = [0.0] * slots
    ends = []
    for took, since in zip(seconds, ready, strict=False):
        end = max(heapq.heappop(free), since) + took
        heapq.heappush(free, end)
        ends.append(end)
    return ends


@contextmanager
def serving(settings: Mapping[str, Any]) -> Iterator[str]:
    """Run a bounded server; yield its address."""
    command = [sys.executable, "-m", "tools.bench.bounded_server", json.dumps(dict(settings))]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


def _configure(experiment: Experiment, address: str) -> None:
    metrics = {
        name: {"shows": ["source", "edit"], "scale": [0, 10], "question": f"{name}? One number from 0 to 10."}
        for name in ("success", "overedit")
    }
    rubric = {
        "name": "two",
        "source": "this bench",
        "headline": "macro",
        "formula": "mean",
        "metrics": metrics,
    }
    (experiment.folder / "two.yaml").write_text(yaml.safe_dump(rubric), encoding="utf-8")
    params = {"base_url": f"{address}/v1", "api_key_env": None}
    experiment.write_config(
        {
            "painter": {
                "type": "openai_images",
                "model": "painter",
                "params": {**params, "concurrency": EDIT_SLOTS},
            }
        },
        {
            "critic": {
                "type": "openai",
                "model": "critic",
                "rubric": "two.yaml",
                "reading": "generate",
                "params": {**params, "concurrency": ANSWER_SLOTS},
            }
        },
        {},
    )


def _watched(experiment: Experiment) -> tuple[float, float]:
    """Run Snakemake; return the CPU seconds of all its processes and the largest one's peak RSS in MB."""
    # Processes that outlive their job become children of this one, which can then wait for them.
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
    here = psutil.Process()
    others = {process.pid for process in here.children(recursive=True)}
    before = _cpu_of_children()
    largest = 0.0
    snakemake = experiment.start()
    while snakemake.poll() is None:
        for process in here.children(recursive=True):
            if process.pid not in others:
                try:
                    largest = max(largest, process.memory_info().rss / 1e6)
                except psutil.NoSuchProcess:
                    continue
        time.sleep(0.1)
    experiment.check(snakemake.returncode)
    for process in here.children():
        if process.pid not in others:
            os.waitpid(process.pid, 0)
    return _cpu_of_children() - before, largest


def _cpu_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
