"""Loading a Qwen vision-language processor with or without torchvision.

`AutoProcessor` also builds the video processor, which needs torchvision. No video is ever judged or
edited here, so where torchvision is missing the processor is loaded without it.
"""

from importlib.util import find_spec
from typing import Any


def load_processor(folder: str, base: type, subfolder: str = "") -> tuple[Any, str]:
    """Load a processor from a local folder.

    Args:
        folder: the checkpoint.
        base: the processor class of this family, such as transformers' `Qwen3VLProcessor`.
        subfolder: where in the checkpoint it lies.

    Returns:
        The processor, and which loader made it (``AutoProcessor`` or ``image-only``), for the records.
    """
    options: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    if subfolder:
        options["subfolder"] = subfolder
    if find_spec("torchvision") is not None:
        from transformers import AutoProcessor

        return AutoProcessor.from_pretrained(folder, **options), "AutoProcessor"
    return image_only(base).from_pretrained(folder, **options), "image-only"  # type: ignore[attr-defined]


def image_only(base: type) -> type:
    """Return a subclass of a Qwen processor that has no video processor.

    transformers reads a processor's parts off the parameter names of its ``__init__``; without the
    parameter the part is neither loaded, called nor saved.
    """

    def __init__(  # noqa: N807 - becomes the subclass's constructor
        self: Any,
        image_processor: Any = None,
        tokenizer: Any = None,
        chat_template: str | None = None,
        **kwargs: Any,
    ) -> None:
        base.__init__(self, image_processor, tokenizer, None, chat_template=chat_template, **kwargs)  # type: ignore[misc]

    # Saved configurations name the class; they must name the one that other programs know.
    return type(base.__name__, (base,), {"__init__": __init__})
