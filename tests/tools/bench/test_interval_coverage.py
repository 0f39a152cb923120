from tools.bench import interval_coverage
from tools.bench.interval_coverage import measure_interval_coverage


def test_intervals_hold_the_true_mean_as_often_as_they_say(monkeypatch):
    monkeypatch.setattr(interval_coverage, "SAMPLES", 200)
    lowest, mean = measure_interval_coverage()
    assert (lowest.name, mean.name) == ("interval_coverage_min", "interval_coverage_mean")
    assert lowest.value >= 0.9
    assert 0.94 <= mean.value <= 0.97


def test_a_narrower_interval_is_found_out(monkeypatch):
    monkeypatch.setattr(interval_coverage, "SAMPLES", 50)
    monkeypatch.setattr(interval_coverage, "interval", lambda sample, *_, **__: (sample.values.mean(),) * 2)
    assert measure_interval_coverage()[0].value < 0.5
