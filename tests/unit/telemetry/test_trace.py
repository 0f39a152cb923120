"""Telemetry: what the devices did and what was used, as a Chrome trace and as a table."""

import csv
import errno
import json
import os
import threading
from collections import Counter
from itertools import pairwise

import handlers
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jobs_by_hand import done, job, run_config, start_owner, tasks, wait_for, work, workers

from snakedit.config.schema import DevicesConfig
from snakedit.runtime.pool.run import run_tasks
from snakedit.runtime.pool.tasks import Task
from snakedit.runtime.resident.handover import stop_pools
from snakedit.telemetry import sampling
from snakedit.telemetry.trace import COLUMNS, Sample, Span, Trace, TracedJob, read_trace


def traced(folder, **changes):
    return job(telemetry_folder=folder / "telemetry", **changes)


def traces(folder):
    return sorted((folder / "telemetry" / "edit_category" / "sim").glob("*.json"))


def spans_of(path):
    return read_trace(path)[1]


JOB = TracedJob("edit_category", "sim", "c")


@pytest.fixture
def often(monkeypatch):
    """Samples are taken at every turn instead of once a second."""
    monkeypatch.setattr(sampling, "SAMPLE_SECONDS", 0.0)


@pytest.mark.parametrize("resident", [False, True])
def test_a_jobs_trace_shows_what_every_device_did_without_a_gap(tmp_path, resident):
    done(work(load_seconds=0.1), tasks(12, seconds=0.05), traced(tmp_path), resident=resident)
    (path,) = traces(tmp_path)
    spans = spans_of(path)
    assert Counter(span.name for span in spans)["edit"] == 12
    assert {span.item for span in spans if span.name == "edit"} == {str(n) for n in range(12)}
    for device in ("simulated:0", "simulated:1"):
        timeline = sorted((s for s in spans if s.device == device), key=lambda span: span.start)
        assert [span.name for span in timeline[:2]] == ["switch", "load"]
        assert timeline[1].seconds >= 0.1
        assert {span.name for span in timeline[2:]} == {"idle", "edit"}
        begins = [span.start for span in timeline]
        for (begin, following), span in zip(pairwise(begins), timeline[:-1], strict=True):
            assert following - begin == pytest.approx(span.seconds, abs=0.02)


def test_a_clusters_job_tells_its_allocation_and_no_run(tmp_path, monkeypatch):
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    done(work(), tasks(1), traced(tmp_path, category="c", shard="000001-000500"), resident=False)
    (path,) = traces(tmp_path)
    header = read_trace(path)[0]
    assert (header.run, header.allocation) == ("", "7")
    assert (header.category, header.shard) == ("c", "000001-000500")
    assert path.name.startswith("c~000001-000500.20")


def test_a_load_is_told_to_one_job_only(tmp_path, monkeypatch):
    owner, name = start_owner()
    monkeypatch.setenv("SNAKEDIT_OWNER", name)
    for category in ("a", "b", "c"):
        done(work(), tasks(4, seconds=0.1), traced(tmp_path, category=category))
    assert len(traces(tmp_path)) == 3
    names = Counter(span.name for path in traces(tmp_path) for span in spans_of(path))
    assert names["load"] == names["switch"] == 2
    stop_pools(name)
    owner.kill()
    owner.wait()


def test_a_device_does_one_thing_at_a_time_though_another_model_waits_for_it(tmp_path, monkeypatch):
    owner, name = start_owner()
    monkeypatch.setenv("SNAKEDIT_OWNER", name)
    first = threading.Thread(
        target=done, args=(work("editor"), tasks(10, seconds=0.2), traced(tmp_path, category="a"))
    )
    first.start()
    wait_for(lambda: len(workers()) == 2)
    done(work("judge"), tasks(4, seconds=0.1), traced(tmp_path, category="b"))
    first.join()
    spans = [span for path in traces(tmp_path) for span in spans_of(path)]
    assert Counter(span.name for span in spans)["load"] >= 3
    for device in ("simulated:0", "simulated:1"):
        timeline = sorted((s for s in spans if s.device == device), key=lambda span: span.start)
        for before, after in pairwise(timeline):
            assert before.start + before.seconds <= after.start + 0.02
    stop_pools(name)
    owner.kill()
    owner.wait()


def test_work_that_was_lost_with_its_worker_is_shown(tmp_path):
    todo = [Task("poison", {"n": 0, "do": "die", "seconds": 0.1}), *tasks(3)]
    done(work(), todo, traced(tmp_path), resident=False)
    spans = spans_of(traces(tmp_path)[0])
    assert [span.item for span in spans if span.name == "lost"] == ["poison", "poison"]
    assert "poison" not in [span.item for span in spans if span.name == "edit"]


def test_work_without_a_device_is_traced_too(tmp_path):
    done(work(needs_device=False), tasks(3, seconds=0.01), traced(tmp_path))
    names = [(span.device, span.name) for span in spans_of(traces(tmp_path)[0])]
    assert names == [("cpu", "load"), *[("cpu", "edit")] * 3]


def test_no_telemetry_is_written_without_a_folder_or_a_task(tmp_path):
    done(work(), tasks(1), job(), resident=False)
    done(work(), [], traced(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_trace_is_never_overwritten(tmp_path):
    for _ in range(3):
        done(work(needs_device=False), tasks(1), traced(tmp_path, category="物理"))
    paths = traces(tmp_path)
    assert len(paths) == 3
    assert all(path.name.startswith("物理.20") for path in paths)
    assert all(len(spans_of(path)) == 2 for path in paths)


@pytest.mark.parametrize("resident", [False, True])
def test_the_processes_of_a_job_are_sampled(tmp_path, often, resident):
    done(work(), tasks(12, seconds=0.05), traced(tmp_path), resident=resident)
    samples = read_trace(traces(tmp_path)[0])[2]
    devices = {"driver", "simulated:0", "simulated:1"} | ({"pool"} if resident else set())
    assert {sample.device for sample in samples} == devices
    for device in devices:
        rss = [s.value for s in samples if (s.device, s.name) == (device, "rss_mb")]
        cpu = [s.value for s in samples if (s.device, s.name) == (device, "cpu_percent")]
        # One that is just being started has hardly any yet.
        assert 5 < max(rss) < 5000
        assert cpu
        assert all(value >= 0 for value in cpu)


def test_a_killed_job_leaves_what_was_known_of_it(tmp_path):
    trace = Trace(tmp_path / "telemetry", JOB)
    trace.add(Span("simulated:0", "load", 1000.0, 2.0))
    trace.add(Span("simulated:0", "edit", 1002.0, 0.5, "item 1"))
    trace.flush()
    # What the kernel has of a file whose writer was killed in the middle of a line.
    cut = tmp_path / "cut.json"
    cut.write_text(trace.path.read_text(encoding="utf-8") + ',\n{"pid": 1, "na', encoding="utf-8")
    assert read_trace(cut)[:2] == (
        JOB,
        [Span("simulated:0", "load", 1000.0, 2.0), Span("simulated:0", "edit", 1002.0, 0.5, "item 1")],
    )
    trace.close()


def test_the_table_beside_a_trace_has_its_rows(tmp_path):
    with Trace(tmp_path, JOB) as trace:
        trace.add(Span("cuda:0", "edit", 0.5, 1.25, '=a "b", c'))
        trace.add(Sample("cuda:0", "rss_mb", 2.0, 12.5))
    with open(trace.path.with_suffix(".csv"), encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    start = "1970-01-01T00:00:00.500000+00:00"
    assert list(rows[0].values()) == ["span", "cuda:0", "edit", '\'=a "b", c', start, "1.25", ""]
    assert [rows[1][key] for key in ("kind", "name", "seconds", "value")] == ["sample", "rss_mb", "", "12.5"]


NAMES = st.text(min_size=1, max_size=20)
EVENTS = st.one_of(
    st.builds(
        Span,
        device=NAMES,
        name=NAMES,
        start=st.floats(0, 4e9),
        seconds=st.floats(0, 1e6),
        item=st.none() | NAMES,
    ),
    st.builds(Sample, device=NAMES, name=NAMES, time=st.floats(0, 4e9), value=st.floats(0, 1e12)),
)


@given(st.lists(EVENTS, max_size=12))
def test_a_trace_is_json_that_holds_every_event(tmp_path_factory, events):
    folder = tmp_path_factory.mktemp("trace")
    with Trace(folder, JOB) as trace:
        for event in events:
            trace.add(event)
    content = json.loads(trace.path.read_text(encoding="utf-8"))
    assert {event["ph"] for event in content} <= {"M", "X", "C"}
    assert all(event["dur"] >= 0 for event in content if event["ph"] == "X")
    _, spans, samples = read_trace(trace.path)
    for kind, read in ((Span, spans), (Sample, samples)):
        written = [event for event in events if isinstance(event, kind)]
        assert [(event.device, event.name) for event in read] == [
            (replaced(event.device), replaced(event.name)) for event in written
        ]


def replaced(text):
    return text.encode("utf-8", "replace").decode("utf-8")


def test_a_job_that_is_left_early_has_a_whole_trace(tmp_path):
    run = run_config(resident=False)
    outcomes = run_tasks(work(), handlers.load, tasks(50, seconds=0.05), run, traced(tmp_path))
    next(outcomes)
    outcomes.close()
    (path,) = traces(tmp_path)
    assert json.loads(path.read_text(encoding="utf-8"))
    assert path.with_suffix(".csv").exists()


def test_a_trace_that_finds_no_room_adds_nothing_to_what_has_ended_the_job(tmp_path, monkeypatch):
    def full(self):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Trace, "close", full)
    outcomes = run_tasks(work(), handlers.load, tasks(5), run_config(resident=False), traced(tmp_path))
    next(outcomes)
    outcomes.close()


def test_a_drivers_memory_does_not_grow_with_its_items(tmp_path):
    one = DevicesConfig(kind="simulated", count=1)
    driver = psutil.Process()
    done(work(), tasks(200), traced(tmp_path), devices=one, resident=False)
    before = driver.memory_info().rss

    def many():
        for n in range(5000):
            yield Task(str(n), {"n": n, "x": "y" * 1000})

    run = run_config(devices=one, resident=False)
    assert sum(1 for _ in run_tasks(work(), handlers.load, many(), run, traced(tmp_path))) == 5000
    assert (driver.memory_info().rss - before) / 1e6 < 10
