"""What counts as memory that ran out, in the words of torch 2.13 and of CUDA's libraries."""

import pytest

from snakedit.runtime.pool.attempt import attempt


@pytest.mark.parametrize(
    ("error", "attempts"),
    [
        (MemoryError(), 2),
        (RuntimeError("CUDA error: out of memory\nCUDA kernel errors might be reported later"), 2),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"), 2),
        (RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"), 2),
        (RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: 9 B"), 2),
        (RuntimeError("CUDA error: device-side assert triggered"), 1),
        (ValueError("can't allocate memory"), 1),
    ],
)
def test_memory_that_ran_out_is_tried_once_more_and_nothing_else(error, attempts):
    class Handler:
        released = 0

        def handle(self, payload):
            raise error

        def release_memory(self):
            self.released += 1

    handler = Handler()
    assert attempt(handler, {})["attempts"] == attempts
    assert handler.released == (attempts if attempts == 2 else 0)


def test_torchs_own_error_counts():
    import torch

    class Handler:
        def handle(self, payload):
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

        def release_memory(self):
            pass

    assert attempt(Handler(), {})["attempts"] == 2
