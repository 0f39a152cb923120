import dataclasses
import subprocess
import sys

import pytest
from places import SCRIPTS

from snakedit.core.records import Item
from snakedit.editors import EDITORS
from snakedit.editors.editor import Editor
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
def test_what_an_editor_declares_is_of_what_it_has(name):
    editor = EDITORS[name]
    assert issubclass(editor, Editor)
    params = set(editor.Params.model_fields)
    assert editor.execution_params | editor.later_params <= params
    assert editor.needs <= {field.name for field in dataclasses.fields(Item)}
    assert editor.model_kind in MODEL_KINDS
    assert editor.role in ("contestant", "control")
    assert editor.role == "control" or not editor.is_right
    assert editor.size_policy
