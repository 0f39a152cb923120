import pytest

from snakedit.telemetry.jobs import JobTrace, by_run, devices_of, read_job
from snakedit.telemetry.trace import Sample, Span, Trace


def written(folder, category, *events, run="", allocation=""):
    began = {"run": 990.0}
    with Trace(folder / "edit_category" / "model", category, "a job", run, began, allocation) as trace:
        for event in events:
            trace.add(event)
    return trace.path


def test_a_job_is_read_back_as_it_was_written_its_spans_in_order(tmp_path):
    late, early = Span("cuda:0", "edit", 1002.0, 1.0, "b"), Span("cuda:0", "edit", 1001.0, 1.0, "a")
    reading = Sample("driver", "rss_mb", 1001.5, 70.0)
    job = read_job(written(tmp_path, "a.b", late, early, reading, run="1:1"))
    assert (job.rule, job.label, job.category, job.run) == ("edit_category", "model", "a.b", "1:1")
    assert (job.spans, job.samples, job.end) == ([early, late], [reading], 1003.0)
    assert job.began["run"] == 990.0


def test_a_shards_work_is_its_categorys(tmp_path):
    assert read_job(written(tmp_path, "light~000001-000500")).category == "light"
    assert read_job(written(tmp_path, "a~b")).category == "a~b"


@pytest.mark.parametrize(("gap", "runs"), [(600.0, [["a", "b"]]), (601.0, [["a"], ["b"]])])
def test_jobs_that_do_not_know_their_run_are_told_apart_by_time(tmp_path, gap, runs):
    later = read_job(written(tmp_path, "b", Span("cpu:0", "edit", 1005.0 + gap, 5.0, "x")))
    first = read_job(written(tmp_path, "a", Span("cpu:0", "edit", 1000.0, 5.0, "x")))
    nothing = read_job(written(tmp_path, "c"))
    assert [[job.category for job in run] for run in by_run([later, first, nothing])] == runs


def test_a_run_of_many_jobs_is_put_together_with_one_look_at_each(monkeypatch):
    looks = []
    monkeypatch.setattr(JobTrace, "end", property(lambda job: looks.append(job) or job.spans[0].start + 1.0))
    jobs = [
        JobTrace("edit_category", "model", str(n), "", {}, [Span("cpu:0", "edit", 1000.0 + n, 1.0, "x")], [])
        for n in range(100)
    ]
    assert by_run(jobs) == [jobs]
    assert len(looks) <= len(jobs)


@pytest.mark.parametrize(
    ("name", "devices"),
    [("cuda:0+1", ["cuda:0", "cuda:1"]), ("cpu:3", ["cpu:3"]), ("cpu", []), ("endpoint:1", [])],
)
def test_a_place_of_several_devices_stands_for_each(name, devices):
    assert devices_of(name) == devices


def test_devices_of_allocations_that_overlap_are_several_though_each_numbers_its_own_from_0(tmp_path):
    def job(category, start, allocation, device="cuda:0"):
        reading = Sample(device, "gpu_memory_mb", start, 1.0)
        path = written(
            tmp_path, category, Span(device, "edit", start, 10.0, "x"), reading, allocation=allocation
        )
        return read_job(path)

    together = [job("a", 1000.0, "7"), job("b", 1010.0, "7"), job("c", 1001.0, "8"), job("d", 1012.0, "9")]
    (run,) = by_run([*together, job("e", 1021.0, "10", "cuda:0+1"), job("f", 1022.0, "11", "cuda:0+1")])
    devices = {one.category: one.spans[0].device for one in run}
    assert devices == {
        "a": "cuda:0",
        "b": "cuda:0",
        "c": "cuda:0@2",
        "d": "cuda:0@2",
        "e": "cuda:0+1",
        "f": "cuda:0@2+1@2",
    }
    assert [one.samples[0].device for one in run] == [one.spans[0].device for one in run]
    assert devices_of(devices["f"]) == ["cuda:0@2", "cuda:1@2"]
