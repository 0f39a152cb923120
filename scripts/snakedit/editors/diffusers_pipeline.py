"""The base class of editors that run a diffusers pipeline on a local device.

A family names its pipelines and defines `run_pipeline`. Loading, devices, offload, tiling, out-of-memory and
the check of the pixels are here.
"""

import json
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from PIL import Image

from snakedit.core.errors import CheckpointError, ImageError
from snakedit.editors.editor import Editor, EditRequest
from snakedit.models.processors import hide_broken_torchvision
from snakedit.models.weights import loaded_bytes
from snakedit.runtime.devices.replicas import MemoryNeed

Dtype = Literal["bfloat16", "float16", "float32"]
# Where weights wait: on the device, or in CPU memory. Without a meaning on the CPU.
Offload = Literal["none", "model", "sequential"]


class DiffusersEditor(Editor):
    """A checkpoint in diffusers' layout; one item a call, noise from a CPU generator.

    Its `Params` have at least `dtype` (`Dtype`), `offload` (`Offload`) and `vae_tiling`.

    Class attributes:
        pipelines: class names in diffusers that a checkpoint may be made for.
        several_sources: those of them that take a list of source images.
    """

    pipelines: ClassVar[tuple[str, ...]] = ()
    several_sources: ClassVar[frozenset[str]] = frozenset()
    model_kind: ClassVar[str] = "checkpoint"
    seeded: ClassVar[bool] = True
    needs_device: ClassVar[bool] = True
    execution_params: ClassVar[frozenset[str]] = frozenset({"offload"})

    def __init__(self, model: str | None, params: Any, device: str) -> None:
        super().__init__(model, params, device)
        assert model is not None
        name = _pipeline_name(Path(model), self.pipelines)
        self.check_params(name)
        self.take(self._load(Path(model), name))

    @classmethod
    def around(cls, pipeline: Any, params: Any, device: str) -> Self:
        """Return an editor with a pipeline that was built in memory."""
        editor = cls.__new__(cls)
        Editor.__init__(editor, None, params, device)
        editor.take(pipeline)
        return editor

    @classmethod
    def memory_need(cls, model: str | None, params: Any) -> MemoryNeed | None:
        """Return what the pipeline's parts take, by the headers of their safetensors files."""
        from safetensors import SafetensorError

        assert model is not None
        folders = {file.parent for file in Path(model).glob("*/*.safetensors")}
        try:
            sizes = [loaded_bytes(str(folder), params.dtype) for folder in folders]
        except (OSError, ValueError, LookupError, SafetensorError):
            # Loading tells in full what is wrong.
            return None
        return MemoryNeed(sum(sizes), max(sizes), params.offload) if sizes else None

    def check_params(self, pipeline_name: str) -> None:
        """Refuse params that this pipeline would ignore; called before the weights are read.

        Raises:
            CheckpointError: saying which.
        """

    def parts(self, folder: Path) -> Mapping[str, Any]:
        """Return parts of the pipeline that diffusers must not load by itself, by name."""
        return {}

    def take(self, pipeline: Any) -> None:
        """Edit with this pipeline."""
        self.pipeline = pipeline
        self._offload, self._is_offloaded_for_one = "none", False
        self.move_to(self.device)
        pipeline.set_progress_bar_config(disable=True)
        self._editing = self._short_of_memory = ""
        self._is_tiled = self.params.vae_tiling

    @property
    def takes_several(self) -> bool:
        """Whether the pipeline takes a list of source images."""
        return type(self.pipeline).__name__ in self.several_sources

    @property
    def notes(self) -> Mapping[str, str]:
        """Whether the last edit was decoded in tiles."""
        return {"vae_tiling": str(self._is_tiled).lower()}

    @abstractmethod
    def run_pipeline(self, request: EditRequest, **shared: Any) -> Any:
        """Call the pipeline and return its output.

        Args:
            shared: arguments that every pipeline takes: `generator` and `output_type`.
        """

    def edit(self, request: EditRequest) -> Image.Image:
        """Return the edited image.

        Raises:
            ImageError: if there are several sources and the pipeline takes one, or if the pixels are NaN.
        """
        import torch

        if len(request.sources) > 1 and not self.takes_several:
            raise ImageError(
                f"{len(request.sources)} source images, and {type(self.pipeline).__name__} takes one",
                allowed=" or ".join(f"a checkpoint of {name}" for name in sorted(self.several_sources)),
            )
        self._editing = f"{request.item.category}/{request.item.id}"
        if self._editing != self._short_of_memory:
            self._go_back()
        self._set_tiling(self.params.vae_tiling or self._editing == self._short_of_memory)
        generator = torch.Generator("cpu").manual_seed(request.seed)
        with torch.inference_mode():
            pixels = self.run_pipeline(request, generator=generator, output_type="np").images[0]
        self._short_of_memory = ""
        return _to_image(pixels)

    def move_to(self, device: str) -> None:
        """Move the pipeline. With `offload` its parts stay in CPU memory until they are called."""
        self._go_back()
        self.device = device
        if self._offload != "none":
            return
        self._offload = "none" if device == "cpu" else self.params.offload
        if self._offload == "model":
            self.pipeline.enable_model_cpu_offload(device=device)
        elif self._offload == "sequential":
            self.pipeline.enable_sequential_cpu_offload(device=device)
        else:
            self.pipeline.to(device)

    def release_memory(self) -> str | None:
        """Empty the device's cache, and try this item in tiles and with weights in CPU memory.

        Only the item that did not fit: tiles change pixels, and moving weights takes time. The next item
        finds the pipeline as it was.
        """
        import torch

        self._short_of_memory = self._editing
        if torch.cuda.is_available():
            if self._offload == "none" and self.device != "cpu":
                self.pipeline.enable_model_cpu_offload(device=self.device)
                self._offload, self._is_offloaded_for_one = "model", True
            elif self._offload == "model":
                # The part that was running is still on the device; only a completed call would move it.
                self.pipeline.maybe_free_model_hooks()
            torch.cuda.empty_cache()
        return "in tiles" + (" and with its weights in CPU memory" if self._offload != "none" else "")

    def _go_back(self) -> None:
        """End the offload that one item needed."""
        if self._is_offloaded_for_one:
            self.pipeline.remove_all_hooks()
            self.pipeline.to(self.device)
            self._offload, self._is_offloaded_for_one = "none", False

    def _set_tiling(self, is_tiled: bool) -> None:
        vae = self.pipeline.vae
        (vae.enable_tiling if is_tiled else vae.disable_tiling)()
        self._is_tiled = is_tiled

    def _load(self, folder: Path, name: str) -> Any:
        hide_broken_torchvision()
        import diffusers
        import torch
        import transformers
        from safetensors import SafetensorError

        diffusers.utils.logging.disable_progress_bar()
        transformers.utils.logging.disable_progress_bar()
        try:
            return getattr(diffusers, name).from_pretrained(
                str(folder),
                **self.parts(folder),
                dtype=getattr(torch, self.params.dtype),
                use_safetensors=True,
                local_files_only=True,
                trust_remote_code=False,
            )
        except (OSError, ValueError, SafetensorError) as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise CheckpointError(f"cannot be loaded ({reason})", where=str(folder)) from None


def _pipeline_name(folder: Path, allowed: tuple[str, ...]) -> str:
    """Return the checkpoint's pipeline, after a check of the libraries that it names."""
    where = str(folder)
    try:
        index = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))
        name = index["_class_name"]
        libraries = {part[0] for part in index.values() if isinstance(part, list)}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        raise CheckpointError("holds no model_index.json of a diffusers pipeline", where=where) from None
    if name not in allowed:
        raise CheckpointError(f"is a {name}", where=where, allowed=", ".join(allowed))
    foreign = sorted(str(library) for library in libraries - {"diffusers", "transformers", None})
    if foreign:
        raise CheckpointError(
            f"brings code of its own ({', '.join(foreign)}), which is never run",
            where=where,
            allowed="parts of diffusers and transformers",
        )
    return str(name)


def _to_image(pixels: Any) -> Image.Image:
    """Return an image of values in 0–1, shaped (height, width, 3). NaN would silently turn black."""
    import numpy as np

    if not np.isfinite(pixels).all():
        raise ImageError(
            "the model made values that are not numbers (NaN)",
            hint="float16 overflows where bfloat16 does not; one step is too few for most schedulers",
        )
    return Image.fromarray((pixels * 255).round().astype("uint8"))
