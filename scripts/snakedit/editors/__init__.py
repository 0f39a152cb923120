"""The editors. To add one, write its module and add its line here."""

from snakedit.editors.base import Editor
from snakedit.editors.controls import Blank, Identity, Reference, Shuffled
from snakedit.editors.files import Files
from snakedit.editors.qwen_image_edit import QwenImageEdit
from snakedit.editors.simulated import SimulatedEditor

EDITORS: dict[str, type[Editor]] = {
    "qwen_image_edit": QwenImageEdit,
    "identity": Identity,
    "shuffled": Shuffled,
    "blank": Blank,
    "reference": Reference,
    "files": Files,
    "simulated": SimulatedEditor,
}
