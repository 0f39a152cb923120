"""Loading a Qwen vision-language processor with or without torchvision.

`AutoProcessor` also builds the video processor, which needs torchvision. No video is ever judged or
edited here, so where torchvision is missing, or does not fit torch, the processor is loaded without it.
"""

import sys
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any


def hide_broken_torchvision() -> None:
    """Make a torchvision that cannot be imported look as if it were not installed, and say so in one line.

    A torchvision that was built for another CUDA than torch raises when it is imported. transformers and
    diffusers look once, while they are imported themselves, whether it is installed: call this first.
    """
    if find_spec("torchvision") is None:
        return
    try:
        import_module("torchvision")
    except Exception as error:  # noqa: BLE001 - a compiled library that does not fit may raise anything
        for name in [name for name in sys.modules if name.startswith("torchvision.")]:
            del sys.modules[name]
        # Python's own mark of a module that cannot be imported; `find_spec` says None of it.
        sys.modules["torchvision"] = None  # type: ignore[assignment]
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        packages = f"torchvision {_version('torchvision')} does not fit torch {_version('torch')}"
        print(
            f"snakedit: {packages} ({reason}): processors are loaded without it "
            "(install the build for torch's CUDA, or uninstall torchvision)",
            file=sys.stderr,
            flush=True,
        )


def load_processor(folder: str, base: type, subfolder: str = "") -> tuple[Any, str]:
    """Load a processor from a local folder.

    Args:
        folder: the checkpoint.
        base: the processor class of this family, such as transformers' `Qwen3VLProcessor`.
        subfolder: where in the checkpoint it lies.

    Returns:
        The processor, and which loader made it (``AutoProcessor`` or ``image-only``), for the records.
    """
    hide_broken_torchvision()
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


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(unknown)"
