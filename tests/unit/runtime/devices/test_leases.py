"""Leases on devices: exclusive, freed by the system, waited for in order."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from jobs_by_hand import wait_for
from places import SCRIPTS

from snakedit.core.errors import DeviceError
from snakedit.runtime.devices.discover import Device
from snakedit.runtime.devices.leases import QUEUE, Held, Holder, acquire, waiting_line, who
from snakedit.runtime.devices.replicas import GIB, Demand
from snakedit.runtime.host.folders import lock_folder
from snakedit.runtime.host.shared_folder import places_taken

DEVICES = [Device("simulated", str(i), i) for i in range(4)]
SIZED = [Device("simulated", str(i), i, 20 * GIB) for i in range(4)]
LARGE = Demand(4, spread=30 * GIB)

HOLD = """
import os, sys
from snakedit.runtime.devices.discover import Device
from snakedit.runtime.devices.leases import Holder, acquire
from snakedit.runtime.devices.replicas import Demand
if len(sys.argv) > 4:
    os.setuid(int(sys.argv[4]))
devices = [Device("simulated", i, int(i)) for i in sys.argv[1].split(",")]
holder = Holder(os.getpid(), sys.argv[3], "another run", None)
looks = open(os.environ["SNAKEDIT_LOCK_DIR"] + "-looks-" + sys.argv[3], "a")
lease, _ = acquire(devices, Demand(int(sys.argv[2])), holder, lambda held: print(".", file=looks, flush=True))
print(",".join(d.id for d in lease.devices), flush=True)
sys.stdin.read()
"""


class WaitedError(Exception):
    pass


def refuse_to_wait(held: Held) -> None:
    raise WaitedError(waiting_line("mine", held))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SNAKEDIT_LOCK_DIR", str(tmp_path / "locks"))
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    return tmp_path / "locks"


class Others:
    """Processes of another run that hold devices until they are ended."""

    def __init__(self) -> None:
        self.processes: list[subprocess.Popen[str]] = []

    def hold(self, ids: str, count: int, label: str = "theirs", uid: int | None = None) -> list[str]:
        process = self.start(ids, count, label, uid)
        assert process.stdout is not None
        return process.stdout.readline().strip().split(",")

    def start(self, ids: str, count: int, label: str, uid: int | None = None) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", HOLD, ids, str(count), label]
        process = subprocess.Popen(
            command + ([str(uid)] if uid is not None else []),
            env={**os.environ, "PYTHONPATH": str(SCRIPTS)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.processes.append(process)
        return process

    def kill(self) -> None:
        for process in self.processes:
            process.kill()
            process.communicate()


@pytest.fixture
def others() -> Iterator[Others]:
    others = Others()
    yield others
    others.kill()


def holder(label: str = "mine", owner: str = "my run") -> Holder:
    return Holder(os.getpid(), label, owner, None)


def waiting() -> int:
    """How many processes wait for devices."""
    file = os.open(lock_folder().path / QUEUE, os.O_RDWR)
    try:
        return len(list(places_taken(file, 2**62)))
    finally:
        os.close(file)


def ids(devices: list[Device]) -> list[str]:
    return [device.id for device in devices]


def test_two_processes_never_share_a_device(others: Others) -> None:
    assert others.hold("0,1,2,3", 2) == ["0", "1"]
    lease, _ = acquire(DEVICES, Demand(4), holder(), refuse_to_wait)
    assert ids(lease.devices) == ["2", "3"]
    lease.release()


def test_no_more_devices_are_leased_than_are_asked_for() -> None:
    lease, _ = acquire(DEVICES, Demand(3), holder(), refuse_to_wait)
    assert ids(lease.devices) == ["0", "1", "2"]
    lease.release()


def test_who_waits_is_told_who_holds_what(others: Others) -> None:
    others.hold("0,1,2,3", 4, label="qwen")
    pid = others.processes[0].pid
    line = rf"mine waits for devices: qwen \(pid {pid}\) holds simulated:0, simulated:1, simulated:2"
    with pytest.raises(WaitedError, match=line):
        acquire(DEVICES, Demand(1), holder(), refuse_to_wait)


def test_a_killed_process_holds_nothing(others: Others) -> None:
    others.hold("0,1,2,3", 4)
    others.kill()
    lease, _ = acquire(DEVICES, Demand(4), holder(), refuse_to_wait)
    assert len(lease.devices) == 4
    lease.release()


def test_released_devices_are_free() -> None:
    acquire(DEVICES, Demand(4), holder(), refuse_to_wait)[0].release()
    lease, _ = acquire(DEVICES, Demand(4), holder(), refuse_to_wait)
    assert len(lease.devices) == 4
    lease.release()


def test_a_lease_taken_in_one_thread_can_be_released_in_another() -> None:
    leases = []
    thread = threading.Thread(
        target=lambda: leases.append(acquire(DEVICES, Demand(4), holder(), refuse_to_wait)[0])
    )
    thread.start()
    thread.join()
    leases[0].release()
    acquire(DEVICES, Demand(4), holder(), refuse_to_wait)[0].release()


def test_devices_of_the_same_run_are_waited_for_and_those_of_another_are_not(others: Others) -> None:
    first, _ = acquire(DEVICES[:2], Demand(2), holder("editor"), refuse_to_wait)
    with pytest.raises(WaitedError, match=r"editor .* holds simulated:0, simulated:1"):
        acquire(DEVICES, Demand(4), holder("judge"), refuse_to_wait)
    lease, _ = acquire(DEVICES, Demand(4), holder("judge", owner="a third run"), refuse_to_wait)
    assert ids(lease.devices) == ["2", "3"]
    lease.release()
    first.release()


def test_what_ends_the_waiting_leaves_nothing_leased() -> None:
    first, _ = acquire(DEVICES[:1], Demand(1), holder(), refuse_to_wait)
    with pytest.raises(WaitedError):
        acquire(DEVICES, Demand(4), holder(), refuse_to_wait)
    lease, _ = acquire(DEVICES[1:], Demand(3), holder(), refuse_to_wait)
    assert len(lease.devices) == 3
    lease.release()
    first.release()


def test_who_waits_longer_is_served_first(others: Others) -> None:
    mine, _ = acquire(DEVICES, Demand(4), holder(), refuse_to_wait)
    early = others.start("0,1,2,3", 4, "early")
    wait_for(lambda: waiting() == 1)
    late = others.start("0", 1, "late")
    wait_for(lambda: waiting() == 2)
    # Though it is slow to see that the devices are free, nobody passes it.
    early.send_signal(signal.SIGSTOP)
    mine.release()
    looks = lock_folder().path.with_name("locks-looks-late")
    before = looks.stat().st_size
    wait_for(lambda: looks.stat().st_size >= before + 6)
    assert waiting() == 2
    early.send_signal(signal.SIGCONT)
    assert early.stdout is not None
    # It may have been stopped just after it had found the first device taken.
    assert early.stdout.readline().strip() in ("0,1,2,3", "1,2,3")
    early.kill()
    assert late.stdout is not None
    assert late.stdout.readline().strip() == "0"


def test_a_process_that_dies_in_line_does_not_block_it(others: Others) -> None:
    mine, _ = acquire(DEVICES, Demand(4), holder(), refuse_to_wait)
    dying = others.start("0", 1, "dies")
    wait_for(lambda: waiting() == 1)
    dying.kill()
    dying.wait()
    mine.release()
    acquire(DEVICES, Demand(4), holder(), refuse_to_wait)[0].release()


@pytest.fixture
def shared_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A lock folder that every user can write to; pytest's own are closed to others."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chmod(folder, 0o777)
        monkeypatch.setenv("SNAKEDIT_LOCK_DIR", folder)
        yield Path(folder)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can start a process of another user")
def test_users_who_share_a_folder_never_share_a_device(others: Others, shared_folder: Path) -> None:
    mine, _ = acquire(DEVICES, Demand(2), holder(), refuse_to_wait)
    assert others.hold("0,1,2,3", 4, uid=65534) == ["2", "3"]
    mine.release()
    others.kill()
    assert others.hold("0,1,2,3", 4, uid=65534) == ["0", "1", "2", "3"]
    with pytest.raises(WaitedError, match=rf"theirs \(pid {others.processes[-1].pid}\)"):
        acquire(DEVICES, Demand(4), holder(), refuse_to_wait)


def test_a_lock_folder_that_cannot_be_made_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SNAKEDIT_LOCK_DIR", str(tmp_path / "file" / "locks"))
    with pytest.raises(DeviceError, match=r"device locks cannot be used .*; set SNAKEDIT_LOCK_DIR"):
        acquire(DEVICES, Demand(1), holder(), refuse_to_wait)


def test_a_sticky_lock_folder_is_refused_before_a_second_user_comes(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o1777)
    with pytest.raises(DeviceError, match=r"SNAKEDIT_LOCK_DIR=.*: is sticky, as /tmp is.*; allowed: .* 0777"):
        acquire(DEVICES, Demand(1), holder(), refuse_to_wait)


def test_a_model_that_takes_two_devices_waits_for_the_second_of_another_run() -> None:
    first, _ = acquire(DEVICES[:3], Demand(3), holder("editor"), refuse_to_wait)
    with pytest.raises(WaitedError):
        acquire(SIZED[:4], LARGE, holder("judge", owner="a third run"), refuse_to_wait)
    first.release()
    acquire(SIZED[:4], LARGE, holder("judge", owner="a third run"), refuse_to_wait)[0].release()


def put_link(path: Path, target: Path) -> None:
    path.symlink_to(target)


def put_second_name(path: Path, target: Path) -> None:
    path.hardlink_to(target)


def put_pipe(path: Path, target: Path) -> None:
    os.mkfifo(path)


def put_folder(path: Path, target: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize("put", [put_link, put_second_name, put_pipe, put_folder])
@pytest.mark.parametrize("name", [QUEUE, "simulated-0.lock"])
def test_what_is_put_in_the_place_of_a_lock_file_is_one_line_and_stays_as_it_is(
    folder: Path, tmp_path: Path, put: Callable[[Path, Path], None], name: str
) -> None:
    folder.mkdir()
    mine = tmp_path / "results.txt"
    mine.write_text("mine")
    put(folder / name, mine)
    with pytest.raises(DeviceError, match=rf"device locks cannot be used .*{name}.*; set SNAKEDIT_LOCK_DIR"):
        acquire(DEVICES[:1], Demand(1), holder(), refuse_to_wait)
    assert mine.read_text() == "mine"
    assert name in os.listdir(folder)


def test_a_file_that_is_not_snakedits_is_never_written_to(folder: Path) -> None:
    folder.mkdir()
    (folder / "simulated-0.lock").write_text("my thesis")
    with pytest.raises(DeviceError, match="is no file of locks"):
        acquire(DEVICES[:1], Demand(1), holder(), refuse_to_wait)
    assert (folder / "simulated-0.lock").read_text() == "my thesis"


def test_nothing_behind_a_link_called_line_is_removed(folder: Path, tmp_path: Path) -> None:
    # Earlier versions queued in a folder of this name, and removed what the dead had left there.
    folder.mkdir()
    (tmp_path / "mine").mkdir()
    for name in ("a.txt", "0", "00000000000000000001-1"):
        (tmp_path / "mine" / name).write_text("mine")
    (folder / "line").symlink_to(tmp_path / "mine")
    acquire(DEVICES, Demand(4), holder(), refuse_to_wait)[0].release()
    assert len(os.listdir(tmp_path / "mine")) == 3


def test_leasing_removes_nothing_from_the_folder(folder: Path, others: Others) -> None:
    others.hold("0,1,2,3", 4)
    before = {path.name: path.stat().st_ino for path in folder.iterdir()}
    others.kill()
    acquire(DEVICES, Demand(4), holder(), refuse_to_wait)[0].release()
    assert {path.name: path.stat().st_ino for path in folder.iterdir()} == before


HOSTILE = [
    b"",
    b"null",
    b"[1]",
    b"{}",
    b'{"pid": "1"}',
    b'{"pid": true, "label": "a", "owner": "b", "socket": null}',
    b'{"pid": -1, "label": "a", "owner": "b", "socket": null}',
    b'{"pid": 99999999999999999999, "label": "a", "owner": "b", "socket": null}',
    b'{"a":' * 20_000,
    b"\xff\xfe\x00",
]


@pytest.mark.parametrize("content", HOSTILE, ids=range(len(HOSTILE)))
def test_what_others_write_as_a_holder_ends_nothing(folder: Path, content: bytes) -> None:
    folder.mkdir()
    (folder / "simulated-0.lock").write_bytes(content)
    with lock_folder() as shared:
        assert who(shared, DEVICES[0]) is None


def test_a_holders_name_is_shown_without_control_characters(folder: Path) -> None:
    folder.mkdir()
    raw = {"pid": os.getpid(), "label": "\x1b[2Jall is\nwell" + "x" * 1000, "owner": 7, "socket": ["/"]}
    (folder / "simulated-0.lock").write_text(json.dumps(raw))
    with lock_folder() as shared:
        seen = who(shared, DEVICES[0])
    assert seen is not None
    assert seen.label.startswith("�[2Jall is�well")
    assert len(seen.label) < 100
    assert (seen.owner, seen.socket) == ("", None)


def test_a_holders_record_is_replaced_whole_by_a_shorter_one() -> None:
    acquire(DEVICES[:1], Demand(1), holder("a long name of a model"), refuse_to_wait)[0].release()
    lease, _ = acquire(DEVICES[:1], Demand(1), holder("b"), refuse_to_wait)
    with lock_folder() as shared:
        assert who(shared, DEVICES[0]) == holder("b")
    lease.release()
