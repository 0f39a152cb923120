from speed_by_hand import job, memory

from snakedit.telemetry.usage import usage_of


def test_memory_is_summed_over_processes_and_a_worker_that_two_jobs_watch_counts_once():
    samples = [memory("driver", 0.1, 50), memory("cuda:0", 0.1, 100), memory("cuda:1", 0.1, 200)]
    later = [memory("cuda:0", 1.2, 150)]
    first = job("edit_category", "c", [("cuda:0", "edit", 0, 1, "i")], samples=[*samples, *later])
    second = job("edit_category", "d", [("cuda:0", "edit", 0, 1, "i")], samples=samples)
    used = usage_of([first, second])
    assert used.peak_memory_mb == 50 + 50 + 100 + 200
    assert used.mean_memory_mb == (400 + 150) / 2
    assert used.peak_gpu_memory_mb is None
