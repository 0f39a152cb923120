"""The base class of editors. An editor is loaded once on a device and then edits one item after the other."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from PIL import Image

from snakedit.config.params import FamilyParams, NoParams
from snakedit.core.records import Item
from snakedit.runtime.devices.replicas import MemoryNeed
from snakedit.runtime.servers.address import Server

# The meaning of a `seed` among an editor's params.
SEED = "Replaces `run.seed`, to compare one model's seeds as editors."


@dataclass(frozen=True)
class EditRequest:
    """One item as an editor sees it.

    Attributes:
        item: the record.
        sources: its source images, RGB.
        inputs: the images that `Editor.inputs` named, by role.
        seed: 0–2³²−1.
    """

    item: Item
    sources: list[Image.Image]
    seed: int
    inputs: dict[str, Image.Image] = field(default_factory=dict)


# Compared by identity, so that an editor can cache what it computes for a category (`functools.cache`).
@dataclass(frozen=True, eq=False)
class CategoryContext:
    """The category of an item, for editors that look at more than the item.

    Attributes:
        items: all items of the category, in order.
        items_folder: the folder that the paths in their records are relative to.
        edits: editor → folder of its edits of this category, for those that are finished.
    """

    items: Sequence[Item]
    items_folder: Path
    edits: Mapping[str, Path]


class Editor(ABC):
    """An editor family. The constructor loads; `edit` is then called once an item.

    Class attributes:
        Params: a model whose fields are the keys allowed in the config's `params`.
        model_kind: the kind of its `model`, one of `snakedit.models.identity.MODEL_KINDS`.
        seeded: whether its edits depend on the seed.
        needs_device: whether it occupies a device (weights, or a simulation of them).
        later_params: names of params that a later version added. At their default they are left out of the
            recipe, so that older results stay valid.
        execution_params: names of params that cannot change a pixel.
        size_policy: how the edit's size follows from the source's, in words.
        role: ``contestant``, or ``control`` for an editor whose right place is known.
        is_right: whether it is a control that shows the right answer.
        simulated: whether it only pretends to be a model.
        languages: those of the instructions that it follows; None for any.
        needs: fields of an item, such as ``reference``, without which the item is recorded as failed.
    """

    Params: ClassVar[type[FamilyParams]] = NoParams
    model_kind: ClassVar[str] = "none"
    seeded: ClassVar[bool] = False
    needs_device: ClassVar[bool] = False
    execution_params: ClassVar[frozenset[str]] = frozenset()
    later_params: ClassVar[frozenset[str]] = frozenset()
    size_policy: ClassVar[str] = "as the source"
    role: ClassVar[str] = "contestant"
    is_right: ClassVar[bool] = False
    simulated: ClassVar[bool] = False
    languages: ClassVar[tuple[str, ...] | None] = None
    needs: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, model: str | None, params: Any, device: str) -> None:
        """Load the editor.

        Args:
            model: a local folder with the weights, or None for an editor without any.
            params: an instance of `Params`.
            device: a torch device, ``cpu``, or a simulated one (``simulated:0``).
        """
        self.model, self.params, self.device = model, params, device

    @property
    def notes(self) -> Mapping[str, str]:
        """Notes on the last edit, name → value; its record has them beside the library versions.

        With a `server`, the last edit is that of the same thread. The same holds for `usage`.
        """
        return {}

    @classmethod
    def inputs(cls, item: Item, category: CategoryContext, params: Any) -> Mapping[str, Path]:
        """Return further images that the editor looks at, by role. Their content is in the fingerprint.

        Raises:
            ImageError: if there is no such image. It is recorded as the item's failure.
        """
        return {}

    @classmethod
    def check_place(cls, params: Any) -> None:
        """Refuse params that name a place which is not there. Called before the first job that edits.

        Raises:
            ConfigError: with the place.
        """

    @classmethod
    def shows(cls, params: Any) -> tuple[str, ...]:
        """Return the names of other editors in the configuration whose edits it shows. They run first."""
        return ()

    @property
    def usage(self) -> Mapping[str, int | None]:
        """The server's `tokens` and `requests` for the last edit; empty for a local editor."""
        return {}

    @classmethod
    def memory_need(cls, model: str | None, params: Any) -> MemoryNeed | None:
        """Return what the model takes on its device, read before any weight is; None if that is not known."""
        return None

    @classmethod
    def advice(cls, params: Any) -> Sequence[str]:
        """Return warnings of params that are allowed and seldom meant, one line each, told before a run."""
        return ()

    @classmethod
    def server(cls, params: Any) -> Server | None:
        """Return the server that edits, which is sent several items at a time, or None for a local editor."""
        return None

    @abstractmethod
    def edit(self, request: EditRequest) -> Image.Image:
        """Return the edited image. An exception is recorded as the item's failure.

        Raise an `ImageError` for an item that cannot be edited. Any other exception that all items of a job
        raise counts as a fault of the code, and fails the job.
        """

    def move_to(self, device: str) -> None:
        """Move the loaded model to another device, or to ``cpu`` while it is not used."""
        self.device = device

    def release_memory(self) -> str | None:
        """Free the memory that can be freed. Called after an out-of-memory error, before one retry.

        Returns:
            How the retry differs, such as ``in tiles``, for the log; None if it does not.
        """
        return None
