import platform
from importlib.metadata import version

from snakedit.runtime.versions import library_versions


def test_the_record_names_python_and_the_libraries_that_touch_pixels():
    versions = library_versions("cpu")
    assert versions["python"] == platform.python_version()
    for library in ("torch", "diffusers", "transformers", "pillow"):
        assert versions[library] == version(library)


def test_a_simulated_device_is_named_as_one():
    assert library_versions("simulated:0")["processor"] == "simulated"


def test_the_processor_has_a_name():
    assert library_versions("cpu")["processor"].strip()
