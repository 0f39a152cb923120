import pytest

from snakedit.telemetry.runs import read_runs
from snakedit.telemetry.trace import Sample, Span, Trace, TracedJob


def write(folder, category, *events, rule="edit_category", label="model", **header):
    with Trace(folder, TracedJob(rule, label, category, **header)) as trace:
        for event in events:
            trace.add(event)


def edit(start, item="x", device="cuda:0", parts=("cuda:0",)):
    return Span(device, "edit", start, 10.0, item, parts)


def test_a_job_is_read_back_as_it_was_written_its_spans_in_order(tmp_path):
    late, early, reading = edit(1002.0, "b"), edit(1001.0, "a"), Sample("driver", "rss_mb", 1001.5, 70.0)
    header = {"shard": "000001-000500", "benchmark": "b", "run": "1:1", "run_began": 990.0, "allocation": "7"}
    write(tmp_path, "a.b", late, early, reading, **header)
    assert [path.name.partition(".2")[0] for path in tmp_path.glob("edit_category/model/*.json")] == [
        "a.b~000001-000500"
    ]
    ((job,),) = (run.jobs for run in read_runs(tmp_path))
    assert (job.rule, job.label, job.category) == ("edit_category", "model", "a.b")
    assert {name: getattr(job, name) for name in header} == header
    assert (job.spans, job.samples, job.start, job.end) == ([early, late], [reading], 1001.0, 1012.0)


def test_a_run_begins_with_its_snakemake_where_that_is_known(tmp_path):
    write(tmp_path, "a", edit(1000.0), run="1:1")
    (run,) = read_runs(tmp_path)
    assert (run.start, run.end, run.wall) == (1000.0, 1010.0, 10.0)
    write(tmp_path, "b", edit(1020.0), run="1:1", run_began=990.0)
    (run,) = read_runs(tmp_path)
    assert (run.start, run.wall) == (990.0, 40.0)


def test_only_the_jobs_of_the_labels_asked_for_are_read(tmp_path):
    write(tmp_path, "a", edit(1000.0), run="1:1")
    write(tmp_path, "a", edit(1000.0), run="2:2", label="other")
    assert len(read_runs(tmp_path)) == 2
    assert [run.jobs[0].label for run in read_runs(tmp_path, ["model", "none"])] == ["model"]


@pytest.mark.parametrize(
    "text", ["", "[", '[\n{"ph": "M", "name": "process_name", "args": {"name": "a job"}}']
)
def test_a_trace_that_does_not_name_its_job_is_left_out(tmp_path, text):
    folder = tmp_path / "edit_category" / "model"
    folder.mkdir(parents=True)
    (folder / "a.20260101T000000-1.json").write_text(text, encoding="utf-8")
    assert read_runs(tmp_path) == []


@pytest.mark.parametrize(("gap", "runs"), [(600.0, [["a", "b"]]), (601.0, [["a"], ["b"]])])
def test_jobs_that_do_not_know_their_run_are_told_apart_by_time(tmp_path, gap, runs):
    write(tmp_path, "b", edit(1010.0 + gap))
    write(tmp_path, "a", edit(1000.0))
    write(tmp_path, "c")
    assert [[job.category for job in run.jobs] for run in read_runs(tmp_path)] == runs


def test_a_place_of_several_devices_stands_for_each_and_one_without_a_device_for_none(tmp_path):
    events = [
        Span("cuda:0+1", "score", 1000.0, 10.0, "x", ("cuda:0", "cuda:1")),
        Span("cpu", "load", 1000.0, 1.0),
        Span("endpoint:1", "score", 1000.0, 1.0, "y"),
    ]
    write(tmp_path, "a", *events)
    (run,) = read_runs(tmp_path)
    assert run.devices() == [span.device for span in run.spans()] == ["cuda:0", "cuda:1"]
    assert {span.device for span in run.spans(leased_only=False)} == {"cuda:0", "cuda:1", "cpu", "endpoint:1"}


def test_devices_of_allocations_that_overlap_are_several_though_each_numbers_its_own_from_0(tmp_path):
    both = ("cuda:0", "cuda:1")
    jobs = [("a", 1000.0, "7", both[:1]), ("b", 1010.0, "7", both[:1]), ("c", 1001.0, "8", both[:1])]
    jobs += [("d", 1012.0, "9", both[:1]), ("e", 1021.0, "10", both), ("f", 1022.0, "11", both)]
    for category, start, allocation, parts in jobs:
        reading = Sample(parts[-1], "gpu_memory_mb", start, 1.0)
        span = edit(start, device="+".join(parts), parts=parts)
        write(tmp_path, category, span, reading, allocation=allocation)
    (run,) = read_runs(tmp_path)
    assert run.slots == {"7": 1, "8": 2, "9": 2, "10": 1, "11": 2}
    assert run.devices() == ["cuda:0", "cuda:0@2", "cuda:1", "cuda:1@2"]
    assert [sample.device for sample in run.samples()] == [
        *("cuda:0", "cuda:0@2", "cuda:0", "cuda:0@2", "cuda:1", "cuda:1@2")
    ]
