import logging

import pytest

from snakedit.core.logs import LOGGER


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch):
    """Locks and sockets of a test are its own. The path is short, since a socket's must be."""
    import tempfile

    # A thread that a test has let go may still make a file while the folder is removed.
    with tempfile.TemporaryDirectory(dir="/tmp", ignore_cleanup_errors=True) as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        monkeypatch.setenv("TMPDIR", folder)
        monkeypatch.delenv("SNAKEDIT_LOCK_DIR", raising=False)
        monkeypatch.delenv("SLURM_JOB_ID", raising=False)
        yield


@pytest.fixture
def messages():
    """The messages that the library logs, as they come."""
    lines = []
    keep = logging.Handler()
    keep.emit = lambda record: lines.append(record.getMessage())
    level = LOGGER.level
    LOGGER.addHandler(keep)
    LOGGER.setLevel(logging.INFO)
    yield lines
    LOGGER.removeHandler(keep)
    LOGGER.setLevel(level)


@pytest.fixture
def run_owner(monkeypatch):
    """A run that pools can belong to: its process and its name. In the end nothing of it is left."""
    from jobs_by_hand import processes, start_owner, wait_for

    process, name = start_owner()
    monkeypatch.setenv("SNAKEDIT_OWNER", name)
    yield process, name
    process.kill()
    process.wait()
    wait_for(lambda: processes() == [])


@pytest.fixture
def clock(tmp_path, monkeypatch):
    """A clock that stands until the test sets it forward, also in the pools that the test starts."""
    from set_clock import set_clock

    return set_clock(tmp_path / "clock", monkeypatch)
