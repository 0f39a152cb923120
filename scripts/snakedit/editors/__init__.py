"""The editors. To add one, write its module and add its line here."""

from snakedit.core.registry import Registry
from snakedit.editors.editor import Editor

EDITORS: Registry[type[Editor]] = Registry(
    {
        "qwen_image_edit": "snakedit.editors.qwen_image_edit:QwenImageEdit",
        "openai_images": "snakedit.editors.openai_images:OpenAIImages",
        "identity": "snakedit.editors.controls:Identity",
        "shuffled": "snakedit.editors.controls:Shuffled",
        "blank": "snakedit.editors.controls:Blank",
        "reference": "snakedit.editors.controls:Reference",
        "files": "snakedit.editors.files:Files",
        "simulated": "snakedit.editors.simulated_editor:SimulatedEditor",
    },
    base="snakedit.editors.editor:Editor",
    group="snakedit.editors",
)
