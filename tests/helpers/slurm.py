"""A real SLURM on this one machine: a controller and nodes on loopback, with GPUs that are only files.

No systemd and no cgroups. Every process of it carries a mark in its environment, jobs included, so that all
of them can be found and ended, also those that a killed test run has left.
"""

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import psutil
from filelock import FileLock

# One place for all test runs: SLURM's tools read /etc/slurm, so there can be one such cluster at a time.
FOLDER = Path("/tmp/snakedit-test-slurm")
SYSTEM_FOLDER = Path("/etc/slurm")
FILES = ("slurm.conf", "gres.conf", "cgroup.conf")
# Each node with its kind of GPU, as in clusters that have grown.
NODES = {"n1": "a100", "n2": "h100"}
GPUS = 3
MARK = {"SNAKEDIT_TEST_CLUSTER": str(FOLDER)}
NODE_MARK = "SNAKEDIT_TEST_NODE"

CONF = """\
ClusterName=snakedit
SlurmctldHost=localhost
SlurmctldPort={port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
# A job requeued after a node's death waits until its old credential has run out.
AuthInfo=socket={folder}/run/munge.socket,cred_expire=5
CredType=cred/munge
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
SlurmctldPidFile={folder}/run/slurmctld.pid
SlurmdPidFile={folder}/run/slurmd.%n.pid
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdLogFile={folder}/log/slurmd.%n.log
MailProg=/bin/true
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
# Nodes may claim more processors than the machine has.
SlurmdParameters=config_overrides
SelectType=select/cons_tres
# The next job goes to the node that has less to do.
SelectTypeParameters=CR_Core_Memory,CR_LLN
# Without it a job that names no memory takes a whole node.
DefMemPerCPU=500
GresTypes=gpu
SchedulerParameters=batch_sched_delay=0,sched_interval=2,bf_interval=2
SlurmdTimeout=10
ReturnToService=2
# Longer than a job may take to stop, so that a job which must be killed is noticed.
KillWait=30
# How long squeue still knows a finished job.
MinJobAge=300
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
{nodes}
PartitionName=cpu Nodes=ALL Default=YES MaxTime=600 DefaultTime=10 State=UP PriorityTier=1
PartitionName=gpu Nodes=ALL MaxTime=600 DefaultTime=10 State=UP PriorityTier=1
PartitionName=urgent Nodes=ALL MaxTime=600 DefaultTime=10 State=UP PriorityTier=10
"""


class OtherClusterError(Exception):
    """SLURM is set up on this machine by somebody else."""


def wait_until(condition: Callable[[], object], seconds: float, what: str | Callable[[], str]) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what if isinstance(what, str) else what()
        time.sleep(0.1)


class Cluster:
    """The cluster, from `start` to `stop`."""

    def __init__(self) -> None:
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}
        self._stack = ExitStack()

    def start(self) -> None:
        """Start it in place of what an earlier test run may have left.

        Raises:
            OtherClusterError: if /etc/slurm belongs to another cluster.
        """
        _check_that_the_place_is_ours()
        self._stack.enter_context(FileLock(f"{FOLDER}.lock", timeout=900))
        self._stack.callback(_remove)
        _remove()
        _write_configuration()
        key = os.open(FOLDER / "run" / "munge.key", os.O_WRONLY | os.O_CREAT, 0o600)
        with open(key, "wb") as file:
            file.write(os.urandom(128))
        run, log = FOLDER / "run", FOLDER / "log"
        self._start(
            "munged",
            *("munged", "--foreground", f"--key-file={run}/munge.key", f"--socket={run}/munge.socket"),
            *(f"--pid-file={run}/munged.pid", f"--log-file={log}/munged.log", f"--seed-file={run}/seed"),
        )
        wait_until(lambda: (run / "munge.socket").exists(), 20, "munged did not start")
        self._start("slurmctld", "slurmctld", "-D", "-f", str(FOLDER / "etc" / "slurm.conf"))
        for node in NODES:
            self.start_node(node)

    def stop(self) -> None:
        """End every process of it, and take its configuration out of the system's place."""
        for daemon in self._daemons.values():
            daemon.terminate()
        self._stack.close()
        for daemon in self._daemons.values():
            daemon.wait()

    def start_node(self, node: str) -> None:
        """Start a node, also one that has died, and wait until it takes jobs."""
        arguments = ("slurmd", "-D", "-N", node, "-f", str(FOLDER / "etc" / "slurm.conf"))
        self._start(f"slurmd.{node}", *arguments, **{NODE_MARK: node})
        wait_until(
            lambda: tool("sinfo", "-h", "-N", "-n", node, "-p", "gpu", "-o", "%t").strip() in ("idle", "mix"),
            60,
            f"{node} is not ready: {tool('sinfo', '-N', '-l')}",
        )

    def kill_node(self, node: str) -> None:
        """End a node like a power cut: its daemon first, then all its jobs' processes at once."""
        self._daemons[f"slurmd.{node}"].kill()
        self._daemons[f"slurmd.{node}"].wait()
        wait_until(lambda: not _kill(processes(node)), 20, f"{node} has processes that cannot be killed")

    def restart_node_if_dead(self, node: str) -> None:
        """Start a node again that a test has killed."""
        if self._daemons[f"slurmd.{node}"].poll() is not None:
            self.start_node(node)

    def _start(self, name: str, *arguments: str, **environment: str) -> None:
        with open(FOLDER / "log" / f"{name}.out", "ab") as log:
            self._daemons[name] = subprocess.Popen(
                arguments,
                env={**_without_slurm(), **MARK, **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


def tool(*arguments: str) -> str:
    """Call one of SLURM's tools and return what it says."""
    done = subprocess.run(arguments, env=_without_slurm(), capture_output=True, text=True, timeout=30)
    return done.stdout + done.stderr


def processes(node: str | None = None) -> list[psutil.Process]:
    """The processes of the cluster and its jobs, or only those on one node."""
    found = []
    for process in psutil.process_iter():
        try:
            environment = process.environ()
            if not environment.items() >= MARK.items() or process.status() == psutil.STATUS_ZOMBIE:
                continue
        except psutil.Error:
            continue
        if node is None or node in (environment.get(NODE_MARK), environment.get("SLURMD_NODENAME")):
            found.append(process)
    return found


def _check_that_the_place_is_ours() -> None:
    for name in FILES:
        path = SYSTEM_FOLDER / name
        # A link to nowhere is what some other sandbox has left behind.
        if path.exists() and path.resolve() != (FOLDER / "etc" / name).resolve():
            raise OtherClusterError(f"{path} belongs to another SLURM")


def _remove() -> None:
    wait_until(lambda: not _kill(processes()), 30, "an old cluster has processes that cannot be killed")
    for name in FILES:
        path = SYSTEM_FOLDER / name
        if path.is_symlink() and path.readlink() == FOLDER / "etc" / name:
            path.unlink()
    shutil.rmtree(FOLDER, ignore_errors=True)


def _kill(those: list[psutil.Process]) -> bool:
    for process in those:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    return bool(those)


def _write_configuration() -> None:
    for name in ("etc", "run", "log", "state", "dev", *(f"spool/{node}" for node in NODES)):
        (FOLDER / name).mkdir(parents=True, exist_ok=True)
    FOLDER.chmod(0o755)
    ports = _free_ports(1 + len(NODES))
    nodes = [
        f"NodeName={node} NodeHostname=localhost NodeAddr=127.0.0.1 Port={port}"
        f" CPUs=8 RealMemory=64000 Gres=gpu:{model}:{GPUS}"
        for (node, model), port in zip(NODES.items(), ports[1:], strict=True)
    ]
    conf = CONF.format(folder=FOLDER, port=ports[0], nodes="\n".join(nodes))
    version = re.search(r"\d+", tool("slurmctld", "-V"))
    assert version is not None
    texts = {
        "slurm.conf": conf,
        "gres.conf": "".join(
            f"NodeName={node} Name=gpu Type={model} File={_fake_gpu(number)}\n"
            for node, model in NODES.items()
            for number in range(GPUS)
        ),
        # SLURM 22.05 does not know the key and needs none.
        "cgroup.conf": "CgroupPlugin=disabled\n" if int(version[0]) >= 23 else "",
    }
    SYSTEM_FOLDER.mkdir(exist_ok=True)
    for name, text in texts.items():
        (FOLDER / "etc" / name).write_text(text, encoding="utf-8")
        link = SYSTEM_FOLDER / name
        link.unlink(missing_ok=True)
        link.symlink_to(FOLDER / "etc" / name)


def _fake_gpu(number: int) -> Path:
    """A character device: of a plain file SLURM makes no GPU, and of a mere number an invalid node."""
    path = FOLDER / "dev" / f"gpu{number}"
    if path.exists():
        return path
    try:
        os.mknod(path, 0o666 | 0o020000, os.makedev(1, 3))
    except PermissionError:
        # A container may forbid it; any device that is there does.
        return Path("/dev", ("null", "zero", "full")[number])
    return path


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _without_slurm() -> dict[str, str]:
    others = {name: value for name, value in os.environ.items() if not name.startswith("SLURM")}
    # The daemons are not where every user's PATH leads.
    return {**others, "PATH": f"{others['PATH']}:/usr/sbin"}
