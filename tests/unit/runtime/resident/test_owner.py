"""Whose run it is, and when that is over: with pidfds and without."""

import errno
import os
import select

import pytest
from jobs_by_hand import start_owner

from snakedit.runtime.resident.owner import watch


def refused(pid):
    raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))


@pytest.mark.parametrize("pidfd", ["there", "not in this Python", "not in this kernel"])
def test_an_owner_is_seen_to_end(monkeypatch, pidfd):
    if pidfd == "not in this Python":
        monkeypatch.delattr(os, "pidfd_open")
    elif pidfd == "not in this kernel":
        monkeypatch.setattr(os, "pidfd_open", refused)
    process, name = start_owner()
    descriptor = watch(name)
    assert descriptor is not None
    try:
        assert select.select([descriptor], [], [], 0)[0] == []
        # Not waited for: nor is a Snakemake whose parent has other things to do.
        process.kill()
        assert select.select([descriptor], [], [], 10)[0] == [descriptor]
    finally:
        process.wait()
        os.close(descriptor)
    assert watch(name) is None
    assert watch(f"{os.getpid()}:1") is None
