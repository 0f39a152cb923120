"""When a process began: what tells it from a later one with its number."""

import os
import subprocess
import sys

import pytest

from snakedit.runtime.host.processes import start_time


def test_a_process_keeps_its_start_time():
    assert start_time(os.getpid()) == start_time(os.getpid())
    assert start_time(os.getpid()) != start_time(1)


def test_a_process_that_has_ended_has_none_though_its_parent_has_not_looked():
    process = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    process.stdout.read()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    with pytest.raises(ProcessLookupError):
        start_time(process.pid)
    process.communicate()
    with pytest.raises(ProcessLookupError):
        start_time(process.pid)
