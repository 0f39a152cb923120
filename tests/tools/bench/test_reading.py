from tools.bench import reading


def test_both_readers_are_measured_on_one_file(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "FILE_BYTES", 200_000)
    monkeypatch.setattr(reading, "IMAGE_BYTES", 20_000)
    monkeypatch.setattr(reading, "ROUNDS", 1)
    ratio, peak = reading.measure_reading(tmp_path)
    assert (ratio.name, peak.name) == ("index_vs_json_load", "index_peak_mb")
    assert ratio.value > 0
    assert peak.value > 1
