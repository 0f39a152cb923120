"""Models that are too large for one device: how many devices a copy takes, and which."""

from collections.abc import Sequence
from itertools import pairwise

from snakedit.core.errors import DeviceError
from snakedit.runtime.devices.discover import Device, joined

# Memory needed beside the weights: activations and the cache of a batch, and CUDA's context.
HEADROOM = 1.2
CONTEXT_BYTES = 2 * 2**30


def devices_per_copy(weights: int | None, devices: Sequence[Device], limit: int) -> int:
    """Return how many devices one copy of a model takes.

    Args:
        weights: bytes of the model's weights, or None if the model must not be spread.
        devices: the candidates. If the memory of any is unknown, a copy takes one device.
        limit: how many devices a job may have.

    Raises:
        DeviceError: if all devices together are too small, or if a copy needs several MIG slices: CUDA
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
    """Return the devices in groups of at least ``size``, one per copy of a model, with none left over."""
    count = len(devices) // size
    bounds = [round(place * len(devices) / count) for place in range(count + 1)]
    return [joined(devices[low:high]) for low, high in pairwise(bounds)]
