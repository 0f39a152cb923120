import dataclasses
import subprocess
import sys

import pytest
from places import SCRIPTS

from snakedit.editors import EDITORS
from snakedit.models.identity import MODEL_KINDS


@pytest.mark.parametrize(
    "package",
    [
        *("editors", "demo.checkpoints", "models.weights", "runtime.host.versions"),
        *("editors.openai_images", "judges.openai_compatible"),
    ],
)
def test_a_dry_run_imports_no_model_library(package):
    heavy = "{'torch', 'diffusers', 'transformers', 'huggingface_hub', 'pandas', 'scipy', 'openai'}"
    code = f"import sys, snakedit.{package}; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(SCRIPTS)}, capture_output=True, text=True
    )
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


@pytest.mark.parametrize("name", EDITORS)
def test_each_editor_declares_what_the_stage_asks(name):
    editor = EDITORS[name]
    fields = {field.name for field in dataclasses.fields(editor.Params)}
    assert editor.execution_params <= fields
    assert editor.model_kind in MODEL_KINDS
    assert editor.size_policy
