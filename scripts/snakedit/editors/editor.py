"""What an editor is: something that is loaded once on a device and then edits one item after the other."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from PIL import Image

from snakedit.config.params import NoParams
from snakedit.core.records import Item
from snakedit.runtime.servers.address import Server


@dataclass(frozen=True)
class EditRequest:
    """One item as an editor sees it.

    Attributes:
        item: the record.
        sources: its source images, RGB.
        inputs: further images that the editor asked for by `Editor.inputs`, by role.
        seed: 0–2³²−1.
    """

    item: Item
    sources: list[Image.Image]
    seed: int
    inputs: dict[str, Image.Image] = field(default_factory=dict)


# Equal only to itself, so that an editor can keep what it worked out for a category (`functools.cache`).
@dataclass(frozen=True, eq=False)
class CategoryContext:
    """What an editor may look at beside the item itself.

    Attributes:
        items: all items of the category, in order.
        items_folder: what the paths in their records are relative to.
        edits: editor → folder of its edits of this category, for those that are finished.
    """

    items: Sequence[Item]
    items_folder: Path
    edits: Mapping[str, Path]


class Editor(ABC):
    """An editor family. The constructor loads; `edit` is then called once an item.

    Class attributes:
        Params: a frozen dataclass; its fields are the keys allowed in the config's `params`.
        model_kind: what it takes as its `model`, one of `snakedit.models.identity.MODEL_KINDS`.
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
        needs: fields of an item without which it can make nothing, such as ``reference``.
    """

    Params: ClassVar[type] = NoParams
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
        """What the record of the last edit should say beside the library versions, name → value.

        With a `server` the last one is the one of the same thread; so it is for `usage`.
        """
        return {}

    @classmethod
    def inputs(cls, item: Item, category: CategoryContext, params: Any) -> Mapping[str, Path]:
        """Return further images this editor looks at, by role. Their content is in the fingerprint.

        Raises:
            ImageError: if there is nothing to show, which is recorded as this item's failure.
        """
        return {}

    @classmethod
    def shows(cls, params: Any) -> tuple[str, ...]:
        """Return other editors of the configuration whose edits this one shows; they are made first."""
        return ()

    @property
    def usage(self) -> Mapping[str, int | None]:
        """What the last edit took from a server: `tokens` and `requests`; nothing for one that runs here."""
        return {}

    @classmethod
    def server(cls, params: Any) -> Server | None:
        """Return the server that edits, of which many items are asked at a time; or None."""
        return None

    @abstractmethod
    def edit(self, request: EditRequest) -> Image.Image:
        """Return the edited image. What it raises is recorded as this item's failure."""

    def move_to(self, device: str) -> None:
        """Move what was loaded to another device, or to ``cpu``, where it waits."""
        self.device = device

    def release_memory(self) -> None:
        """Give back what memory can be given back; called after an out-of-memory, before one more try."""
