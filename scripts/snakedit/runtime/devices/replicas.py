"""How many copies of a model fit, and on which devices: the fewest for each, those with most room first."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from snakedit.core.errors import DeviceError
from snakedit.runtime.devices.discover import Device, joined

GIB = 2**30
# Activations and the cache of a batch, as a share of the weights.
HEADROOM = 1.2
# CUDA's context and its libraries, on each device.
CONTEXT_BYTES = 2 * GIB


@dataclass(frozen=True)
class MemoryNeed:
    """What a model takes that is never spread over devices.

    Attributes:
        weights: bytes of all its weights once loaded.
        largest_part: bytes of its largest part, the most that `offload: model` has on the device at a time.
        offload: ``none``, ``model`` or ``sequential``.
    """

    weights: int
    largest_part: int
    offload: str = "none"

    @property
    def resident(self) -> int:
        """Bytes of weights that are on the device at a time."""
        return {"none": self.weights, "model": self.largest_part}.get(self.offload, 0)


@dataclass(frozen=True)
class Demand:
    """A model that looks for devices.

    Attributes:
        limit: how many devices it may have.
        spread: bytes of its weights if it may be spread over devices, else None.
        need: what it takes if it is never spread and that is known, else None.
    """

    limit: int
    spread: int | None = None
    need: MemoryNeed | None = None

    @property
    def weights(self) -> int:
        """Bytes of the model's weights, or 0 if that is not known."""
        return self.spread or (self.need.weights if self.need is not None else 0)

    def copies(self, devices: Sequence[Device]) -> list[Device]:
        """Return the devices that the copies of the model should be on, `joined` where a copy takes several.

        Each copy takes as few devices as it can, and those with most room come first. What is left over, or
        too small, is in no copy. A device whose room is not known is taken for large enough.
        """
        wanted = self._wanted()
        # By whole GiB, so that what idle GPUs differ by does not change their order.
        ordered = sorted(devices, key=lambda device: -((device.room or 0) // GIB))
        copies = [device for device in ordered if _usable(device) >= wanted][: self.limit]
        if self.spread is None:
            return copies
        left = [device for device in ordered if device not in copies and not device.id.startswith("MIG-")]
        taken = len(copies)
        while group := _smallest_group(left, wanted):
            taken += len(group)
            if taken > self.limit:
                break
            left = [device for device in left if device not in group]
            copies.append(joined(group))
        return copies

    def check(self, devices: Sequence[Device]) -> None:
        """Refuse devices of which none, nor all together, have the room for a copy.

        Raises:
            DeviceError: saying what is needed, what there is, and what would do.
        """
        if self.copies(devices):
            return
        sizes = ", ".join(_size(device) for device in devices)
        if self.spread is not None:
            raise self._cannot_be_spread(devices, sizes)
        assert self.need is not None
        need, best = self.need, max(device.room or 0 for device in devices)
        part = "" if need.offload == "none" else f" on the device with `offload: {need.offload}`"
        raise DeviceError(
            f"the model needs at least {_gib(need.resident + CONTEXT_BYTES)}, {_gib(need.resident)} of it "
            f"for weights{part}, and no device has that much",
            where=sizes,
            hint=f"what would do: {_ways_out(need, best)}",
        )

    def advice(self, copies: Sequence[Device]) -> str | None:
        """Return a line on devices that hold the weights but may be too small for the pixels, or None."""
        if self.need is None or self.need.resident == 0:
            return None
        usual = int(self.need.resident * HEADROOM) + CONTEXT_BYTES
        tight = [device for device in copies if (room := device.room) is not None and room < usual]
        if not tight:
            return None
        offload = ", `offload: model`" if self.need.offload == "none" else ""
        return (
            f"{', '.join(map(_size, tight))}: has room for the {_gib(self.need.resident)} of weights, but"
            " may run out of memory at an image; what would do: fewer pixels (`height`, `width`),"
            f" `vae_tiling: true`{offload}, or quantised weights"
        )

    def _wanted(self) -> int:
        """Bytes of room for a copy, beside CUDA's own."""
        if self.spread is not None:
            return int(self.spread * HEADROOM)
        return self.need.resident if self.need is not None else 0

    def _cannot_be_spread(self, devices: Sequence[Device], sizes: str) -> DeviceError:
        needed = int((self.spread or 0) * HEADROOM) + CONTEXT_BYTES
        count = min(self.limit, len(devices))
        has_slices = any(device.id.startswith("MIG-") for device in devices)
        would_do = [
            f"weights quantised to {bits} bits ({_gib((self.spread or 0) * bits // 16)})"
            for bits in (8, 4)
            if int((self.spread or 0) * bits / 16 * HEADROOM) <= max(_usable(device) for device in devices)
        ]
        return DeviceError(
            f"a copy of the model needs about {_gib(needed)}, which is more than "
            + ("a slice of a GPU has" if has_slices else f"{count} devices have"),
            where=sizes,
            hint="raise --resources gpu=, or take a smaller dtype or model"
            + "".join(f", or {way}" for way in would_do[:1])
            + "; `device: single` loads it anyway",
        )


def too_full(demand: Demand, devices: Sequence[Device], copies: Sequence[Device]) -> str | None:
    """Return a line on the devices that are not used since other processes have their memory, or None."""
    used = {part for copy in copies for part in copy.parts or (copy,)}
    left = [device for device in devices if device not in used]
    full = [d for d in left if not demand.copies([d]) and demand.copies([replace(d, free=None)])]
    if not full or len(used) == demand.limit:
        return None
    return f"not used, since other processes hold their memory: {', '.join(map(_size, full))}"


def _smallest_group(devices: Sequence[Device], wanted: int) -> list[Device]:
    """The fewest of some devices, ordered by room, that hold a copy together; none if all do not.

    The last is the smallest that suffices, so that the larger ones are left for the next copy.
    """
    group: list[Device] = []
    for device in devices:
        missing = wanted - sum(map(_usable, group))
        last = [other for other in devices if other not in group and _usable(other) >= missing]
        if last:
            return sorted([*group, min(last, key=_usable)], key=lambda device: device.index)
        group.append(device)
    return []


def _usable(device: Device) -> float:
    room = device.room
    return float("inf") if room is None else max(0, room - CONTEXT_BYTES)


def _ways_out(need: MemoryNeed, room: int) -> str:
    """What would make a model fit into this many bytes."""
    ways = []
    if need.offload == "none" and need.largest_part + CONTEXT_BYTES <= room:
        ways.append(f"`offload: model` (its largest part takes {_gib(need.largest_part)})")
    if need.offload != "sequential":
        ways.append("`offload: sequential` (slow)")
    for bits in (8, 4):
        if need.resident * bits // 16 + CONTEXT_BYTES <= room:
            ways.append(f"weights quantised to {bits} bits ({_gib(need.resident * bits // 16)})")
            break
    return ", or ".join(ways) + "; fewer pixels would not" if ways else "a larger device"


def _size(device: Device) -> str:
    if device.memory is None:
        return device.name
    if device.free is None:
        return f"{device.name} ({_gib(device.memory)})"
    return f"{device.name} ({_gib(device.free)} free of {_gib(device.memory)})"


def _gib(size: float) -> str:
    return f"{size / GIB:.0f} GiB" if size >= 10 * GIB else f"{size / GIB:.1f} GiB"
