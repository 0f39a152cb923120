# ruff: noqa: E402
"""Jobs and resident pools in processes of their own: ``python jobs_by_hand.py job`` or ``serve``."""

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

HERE = Path(__file__).resolve()
# A pool is started by its command alone, as Snakemake's jobs start it.
sys.path.insert(0, str(HERE.parents[2] / "scripts"))

import handlers
import psutil
from set_clock import use_the_tests_clock

from snakedit.config.schema import DevicesConfig, RunConfig
from snakedit.core.errors import exit_in_one_line
from snakedit.core.logs import log_to
from snakedit.runtime.host.processes import start_time
from snakedit.runtime.pool.run import run_tasks
from snakedit.runtime.pool.tasks import Task
from snakedit.runtime.pool.work import JobContext, Work
from snakedit.runtime.resident.client import PoolRequest
from snakedit.runtime.resident.server import serve
from snakedit.runtime.servers.address import Server

SERVE = [sys.executable, str(HERE), "serve"]


def work(key="model", needs_device=True, weights=None, **settings):
    return Work("edit", settings, key, needs_device=needs_device, weights=weights)


def tasks(count, prefix="", **payload):
    return [Task(f"{prefix}{n}", {"n": n, **payload}) for n in range(count)]


def meeting(path, count):
    """The payload of tasks of which this many must be under way at a time before any of them ends."""
    return {"marker": str(path), "until": str(path), "lines": count}


def run_config(**changes):
    defaults = {
        "seed": 0,
        "devices": DevicesConfig(kind="simulated", count=2),
        "resident": True,
        "idle_timeout": 60.0,
        "item_timeout": 60.0,
        "max_failures": None,
        "refresh": (),
        "shard_items": 500,
        "baseline_items": 5,
        "baseline_swap": "reload",
    }
    return RunConfig(**{**defaults, **changes})


def job(**changes):
    defaults = {
        "rule": "edit_category",
        "label": "sim",
        "category": "c",
        "benchmark": "b",
        "device_limit": 2,
        "total": 1,
        "resident_command": SERVE,
    }
    return JobContext(**{**defaults, **changes})


def done(work, todo, context=None, **changes):
    """Run tasks in a job of this process; return the outcomes by key, in the order they came."""
    outcomes = list(run_tasks(work, handlers.load, todo, run_config(**changes), context or job()))
    assert sorted(o.key for o in outcomes) == sorted(t.key for t in todo), "one outcome a task"
    return {outcome.key: outcome for outcome in outcomes}


def start_job(work, todo, **changes):
    """Start a job in a process of its own; it prints each outcome as a line of JSON."""
    process = subprocess.Popen(
        [sys.executable, str(HERE), "job"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    request = {"work": asdict(work), "tasks": [asdict(task) for task in todo], "run": changes}
    process.stdin.write(json.dumps(request) + "\n")
    process.stdin.flush()
    return process


def start_owner():
    """Start a process that can be the owner of pools; return it and its name."""
    # Without this test's TMPDIR, so that it is none of its `processes`.
    process = subprocess.Popen(["sleep", "600"], env={"PATH": os.environ["PATH"]})
    return process, f"{process.pid}:{start_time(process.pid)}"


def processes(word=""):
    """The living processes of this test, whose command has this word in it: those with its TMPDIR."""
    found = []
    for process in psutil.process_iter():
        try:
            command = " ".join(process.cmdline())
            mine = process.environ().get("TMPDIR") == os.environ["TMPDIR"]
            alive = process.status() != psutil.STATUS_ZOMBIE
            if mine and alive and word in command and "resource_tracker" not in command:
                found.append(process)
        except psutil.Error:
            continue
    return [process for process in found if process.pid != os.getpid()]


def pools():
    return processes("jobs_by_hand.py serve")


def workers():
    return processes("spawn_main")


def lines(path):
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def wait_for(condition, seconds=120.0):
    """Wait until something is so; a test that waits in vain fails."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)


def _job():
    use_the_tests_clock()
    log_to(None)
    request = json.loads(sys.stdin.readline())
    todo = [Task(**task) for task in request["tasks"]]
    run = run_config(**request["run"])
    server = request["work"].pop("server")
    work = Work(**request["work"], server=server and Server(**server))
    for outcome in run_tasks(work, handlers.load, todo, run, job()):
        print(json.dumps(asdict(outcome)), flush=True)


def _serve():
    use_the_tests_clock()
    log_to(None)
    serve(PoolRequest.from_json(sys.stdin.buffer.read()), {"edit": handlers.load, "score": handlers.load})


if __name__ == "__main__":
    exit_in_one_line({"job": _job, "serve": _serve}[sys.argv[1]])
