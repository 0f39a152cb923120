"""Models too large for one device: how many devices a copy takes, and which."""

from collections.abc import Sequence
from itertools import pairwise

from snakedit.core.errors import DeviceError
from snakedit.runtime.devices.discover import Device, joined

# Beside the weights: activations and the cache of a batch, and CUDA's own context.
HEADROOM = 1.2
CONTEXT_BYTES = 2 * 2**30


def devices_per_copy(weights: int | None, devices: Sequence[Device], limit: int) -> int:
    """Return how many devices one copy of a model takes.

    Args:
        weights: bytes of the model's weights, or None if it is not to be spread.
        devices: which may be leased. Where the memory of one is not known, a copy takes one.
        limit: how many of them a job may have.

    Raises:
        DeviceError: if all of them together are too small, or if they are slices of a GPU, of which CUDA
            gives a process only one.
    """
    memories = [device.memory for device in devices]
    known = [memory for memory in memories if memory is not None]
    if weights is None or not known or len(known) < len(memories):
        return 1
    needed = int(weights * HEADROOM) + CONTEXT_BYTES
    count = -(-needed // min(known))
    usable = min(limit, len(devices))
    if count > usable or (count > 1 and any(device.id.startswith("MIG-") for device in devices)):
        raise DeviceError(
            f"a copy of the model needs about {needed / 2**30:.0f} GiB, which is more than "
            + (f"{usable} devices have" if count > usable else "a slice of a GPU has"),
            where=", ".join(f"{device.name} ({(device.memory or 0) / 2**30:.0f} GiB)" for device in devices),
            hint="raise --resources gpu=, or take a smaller dtype or model; `device: single` loads it anyway",
        )
    return count


def grouped(devices: Sequence[Device], size: int) -> list[Device]:
    """Return the devices as places for copies of a model: groups of at least ``size``, none left over."""
    count = len(devices) // size
    bounds = [round(place * len(devices) / count) for place in range(count + 1)]
    return [joined(devices[low:high]) for low, high in pairwise(bounds)]
