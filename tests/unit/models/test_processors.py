"""The processor of a Qwen vision-language model, with and without torchvision."""

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from places import SCRIPTS
from transformers import Qwen3VLProcessor

from snakedit.models import processors
from snakedit.models.processors import load_processor


def test_without_torchvision_no_video_processor_is_built(tiny_judge: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(processors, "find_spec", lambda name: None)
    processor, loader = load_processor(str(tiny_judge), Qwen3VLProcessor)
    assert loader == "image-only"
    assert getattr(processor, "video_processor", None) is None
    chat = [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}]
    assert "Hello" in processor.apply_chat_template(chat, add_generation_prompt=True)


def test_with_torchvision_transformers_chooses(tiny_judge: Path, monkeypatch: pytest.MonkeyPatch):
    asked: dict[str, Any] = {}

    def from_pretrained(folder: str, **options: Any) -> str:
        asked.update(options, folder=folder)
        return "a processor"

    monkeypatch.setattr(processors, "find_spec", lambda name: name)
    monkeypatch.setitem(sys.modules, "torchvision", ModuleType("torchvision"))
    monkeypatch.setattr("transformers.AutoProcessor.from_pretrained", from_pretrained)
    assert load_processor(str(tiny_judge), Qwen3VLProcessor, "processor") == ("a processor", "AutoProcessor")
    assert asked == {
        "folder": str(tiny_judge),
        "local_files_only": True,
        "trust_remote_code": False,
        "subfolder": "processor",
    }


# What torchvision's own import raises beside a torch that was built for another CUDA, or for none.
BROKEN = {
    "no operator": 'raise RuntimeError("operator torchvision::nms does not exist")',
    "other major version": (
        'raise RuntimeError("Detected that PyTorch and torchvision were compiled with different CUDA '
        'major versions.\\nPlease reinstall.")'
    ),
    "no symbol": 'raise ImportError("_C.so: undefined symbol: _ZN3c10")',
    "no library": 'raise OSError("libcudart.so.13: cannot open shared object file")',
    "half imported": "from torchvision import extension; raise AttributeError('partially initialised')",
}
LOAD = """
import sys
from pathlib import Path
folder, kind = sys.argv[1:]
if kind == "judge":
    from snakedit.judges.judge import JudgeSettings
    from snakedit.judges.qwen3_vl import Qwen3VL, Qwen3VLParams
    from snakedit.judges.rubrics.rubric_file import load_rubric
    settings = JudgeSettings(load_rubric("viescore", {}), "expected", 0.0, 1)
    model = Qwen3VL(folder, Qwen3VLParams(dtype="float32"), "cpu", settings)
    print(type(model.processor).__name__, type(model.processor.image_processor).__name__)
else:
    from snakedit.editors.qwen_image_edit import QwenImageEdit, QwenImageEditParams
    model = QwenImageEdit(folder, QwenImageEditParams(dtype="float32"), "cpu")
    print(model.notes["processor_loader"])
"""


def load_beside(torchvision: Path, folder: Path, kind: str) -> subprocess.CompletedProcess[str]:
    """Load a model in a process of its own that finds this package as torchvision."""
    return subprocess.run(
        [sys.executable, "-c", LOAD, str(folder), kind],
        env={**os.environ, "PYTHONPATH": f"{torchvision}:{SCRIPTS}"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(params=BROKEN.values(), ids=BROKEN)
def broken_torchvision(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder with a package that is installed as torchvision and cannot be imported."""
    return write_torchvision(tmp_path, request.param)


def write_torchvision(folder: Path, content: str) -> Path:
    (folder / "torchvision").mkdir()
    (folder / "torchvision" / "extension.py").touch()
    (folder / "torchvision" / "__init__.py").write_text(content)
    return folder


def test_a_torchvision_of_another_cuda_is_hidden_and_told_in_one_line(
    broken_torchvision: Path,
    tiny_judge: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    with monkeypatch.context() as patch:
        for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
            patch.delitem(sys.modules, name)
        # Put back afterwards, whatever is set in between.
        patch.setitem(sys.modules, "torchvision", None)
        del sys.modules["torchvision"]
        patch.syspath_prepend(broken_torchvision)
        loaders = [load_processor(str(tiny_judge), Qwen3VLProcessor)[1] for _ in range(2)]
        assert processors.find_spec("torchvision") is None
    assert loaders == ["image-only", "image-only"]
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("snakedit: torchvision")
    assert "does not fit torch" in line
    assert "install the build for torch's CUDA" in line


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["judge", "editor"])
def test_a_model_is_loaded_beside_a_torchvision_of_another_cuda(
    kind: str, tiny_judge: Path, tiny_editor: Path, tmp_path: Path
):
    package = write_torchvision(tmp_path, BROKEN["no operator"])
    run = load_beside(package, tiny_judge if kind == "judge" else tiny_editor, kind)
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() in ("image-only", "Qwen3VLProcessor Qwen2VLImageProcessorPil")
    assert run.stderr.count("does not fit torch") == 1
