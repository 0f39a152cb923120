import platform
import sys
from importlib.metadata import version
from types import SimpleNamespace

from snakedit.runtime.host.versions import library_versions


def test_the_record_names_python_and_the_libraries_that_touch_pixels():
    versions = library_versions("cpu")
    assert versions["python"] == platform.python_version()
    for library in ("torch", "diffusers", "transformers", "pillow"):
        assert versions[library] == version(library)


def test_a_simulated_device_is_named_as_one():
    assert library_versions("simulated:0")["processor"] == "simulated"


def test_the_processor_has_a_name():
    assert library_versions("cpu")["processor"].strip()


def test_a_model_that_is_spread_names_the_processor_of_its_first_device(monkeypatch):
    names = {"cuda:0": "H100", "cuda:1": "H200"}
    monkeypatch.setitem(
        sys.modules, "torch", SimpleNamespace(cuda=SimpleNamespace(get_device_name=names.get))
    )
    assert library_versions.__wrapped__("cuda:0,cuda:1")["processor"] == "H100"
