"""Items, categories and requests as the tests of the editors write them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from snakedit.core.records import Edit, Item, write_records
from snakedit.editors.editor import CategoryContext, Editor, EditRequest
from snakedit.editors.qwen_image_edit import QwenImageEdit, QwenImageEditParams

SMALL = QwenImageEditParams(
    dtype="float32",
    num_inference_steps=2,
    true_cfg_scale=1.0,
    height=64,
    width=96,
    condition_side=64,
    vae_side=64,
)


def item(item_id: str = "a", instruction: str = "Make it warmer.", **fields: Any) -> Item:
    return Item(
        id=item_id,
        category=fields.pop("category", "colour"),
        images=["images/a.png"],
        image_sha256s=["0" * 64],
        instruction=instruction,
        **fields,
    )


def picture(seed: int = 0, size: tuple[int, int] = (64, 48)) -> Image.Image:
    """A coarse random pattern: unlike noise it survives being resized."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.NEAREST)


def request(
    instruction: str = "Make it warmer.",
    seed: int = 0,
    sources: list[Image.Image] | None = None,
    inputs: dict[str, Image.Image] | None = None,
) -> EditRequest:
    return EditRequest(item(instruction=instruction), sources or [picture()], seed, inputs or {})


def category(items: Sequence[Item], folder: Path = Path("items"), **edits: Path) -> CategoryContext:
    return CategoryContext(list(items), folder, edits)


def write_edits(folder: Path, ok: Sequence[str], failed: Sequence[str] = ()) -> Path:
    """Write the `edits.jsonl` of an editor that succeeded and failed with these items."""
    edits = [Edit(item=i, status="ok", image=f"images/{i}.png") for i in ok]
    write_records(folder / "edits.jsonl", [*edits, *(Edit(item=i, status="failed") for i in failed)])
    return folder


def load_tiny(folder: Path | str, **changes: Any) -> QwenImageEdit:
    """The tiny Qwen-Image-Edit, with small images and few steps."""
    return QwenImageEdit(str(folder), SMALL.model_copy(update=changes), "cpu")


def pixels(editor: Editor, edit_request: EditRequest | None = None) -> Any:
    return np.asarray(editor.edit(edit_request or request()), dtype=np.int16)


def mean_difference(first: Any, second: Any) -> float:
    return float(np.abs(first - second).mean())
