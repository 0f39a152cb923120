"""A resident pool: a process that keeps one model loaded, or one server's client, for the jobs of one run.

It ends when its run's Snakemake dies in any way, when it has been idle for `idle_timeout`, when it gets a
``stop``, and, after the jobs that it has accepted, when another model of the run needs its devices.
"""

import contextlib
import dataclasses
import os
import signal
import socket
import sys
import threading
from collections import deque
from multiprocessing.connection import wait
from typing import Any

from snakedit.core.errors import SnakeditError
from snakedit.core.logs import LOGGER
from snakedit.runtime.devices.discover import Device
from snakedit.runtime.devices.leases import Holder
from snakedit.runtime.devices.placement import Placement
from snakedit.runtime.devices.replicas import Demand
from snakedit.runtime.host import clock
from snakedit.runtime.pool.attempt import Loader
from snakedit.runtime.pool.tasks import Task
from snakedit.runtime.pool.workers import Workers
from snakedit.runtime.resident.client import PoolRequest, log_file
from snakedit.runtime.resident.handover import Waiting
from snakedit.runtime.resident.owner import watch
from snakedit.runtime.resident.wire import Line, peer_uid
from snakedit.runtime.servers.server_threads import ServerThreads
from snakedit.telemetry.trace import Member, Span

TICK_SECONDS = 0.5
START_TICK_SECONDS = 0.05
ALIVE_SECONDS = 5.0
GRACE_SECONDS = 1.0
MAX_QUEUED = 64
MAX_SPANS = 1000


class _Client:
    """A job at the other end of a socket, and its tasks that no worker has yet."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.accepted = False
        self.queue: deque[Task] = deque()


class PoolServer:
    """The pool's loop. It runs in the main thread, since workers die with the thread that started them.

    Only the wait for devices runs in another thread.
    """

    def __init__(self, request: PoolRequest, loader: Loader) -> None:
        self.request, self._loader = request, loader
        self._clients: list[_Client] = []
        # Set by the thread that leases, and the placement last.
        self._copies: list[Device] = []
        self._placement: Placement | None = None
        self._workers: Workers | ServerThreads | None = None
        self._leave_at: float | None = None
        self._stopping = False
        self._error: str | None = None
        self._notes: deque[str] = deque()
        self._spans: deque[Span] = deque(maxlen=MAX_SPANS)
        self._members: list[Member] = []
        self._used_at = self._alive_at = clock.monotonic()
        # Handlers only set a flag, which the loop sees within a tick.
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def serve(self) -> None:
        """Serve until the pool's end; then free the devices, once the workers have exited."""
        owner = watch(self.request.owner)
        if owner is None:
            sys.exit(f"the run {self.request.owner} that asked for this pool is over")
        path = self.request.socket
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(path))
        listener.listen(64)
        listener.setblocking(False)
        if self.request.server is None:
            threading.Thread(target=self._acquire, daemon=True).start()
        try:
            while not self._is_over():
                workers = self._workers
                sources: list[Any] = [listener, owner]
                sources += [c.line for c in self._clients if len(c.queue) < MAX_QUEUED]
                sources += workers.connections if workers else []
                # The thread that leases the devices does not wake this loop.
                ready: list[Any] = wait(sources, timeout=TICK_SECONDS if workers else START_TICK_SECONDS)
                if owner in ready:
                    return
                if listener in ready:
                    self._accept(listener)
                for client in [c for c in self._clients if c.line in ready]:
                    self._listen_to(client)
                self._work(ready)
                self._report()
        finally:
            # In this order: no new clients, no workers, no leases.
            path.unlink(missing_ok=True)
            listener.close()
            if self._workers:
                self._workers.close()
            if self._placement:
                self._placement.lease.release()
        log_file(path).unlink(missing_ok=True)

    def _stop(self, *_: object) -> None:
        self._stopping = True

    def _is_over(self) -> bool:
        if self._stopping:
            return True
        if self._clients:
            self._used_at = clock.monotonic()
            return False
        return self._is_leaving() or clock.monotonic() - self._used_at > self.request.idle_timeout

    def _is_leaving(self) -> bool:
        return self._leave_at is not None and clock.monotonic() >= self._leave_at

    def _acquire(self) -> None:
        """Lease the devices; in a thread, so that the pool answers its clients during the wait."""
        request = self.request
        holder = Holder(os.getpid(), request.label, request.owner, str(request.socket))
        waiting = Waiting(request.label, request.owner, self._notes.append)
        demand = Demand(request.count, request.weights, request.need)
        try:
            placement = Placement(request.devices, demand, holder, self._say)
            self._copies = placement.copies(waiting)
            self._placement = placement
        except SnakeditError as error:
            self._error = str(error)
        except Exception as error:  # noqa: BLE001 - nobody joins this thread, so its error must be kept
            self._error = f"the devices could not be leased ({type(error).__name__}: {error})"

    def _accept(self, listener: socket.socket) -> None:
        connection, _ = listener.accept()
        if peer_uid(connection) != os.getuid():
            connection.close()
            return
        self._clients.append(_Client(Line(connection)))

    def _listen_to(self, client: _Client) -> None:
        try:
            for message in client.line.receive():
                self._handle(client, message)
        except (ConnectionError, ValueError, TypeError, KeyError):
            # Its queued tasks are dropped; those that workers are working on are finished.
            self._drop(client)

    def _handle(self, client: _Client, message: dict[str, Any]) -> None:
        if "job" in message:
            if self._is_leaving() or self._stopping:
                client.line.send({"leaving": True})
            else:
                client.accepted = True
                client.line.send({"accepted": os.getpid()})
                self._send_members([client])
        elif "task" in message and client.accepted:
            client.queue.append(Task(**message["task"]))
        elif "leave" in message:
            # Jobs that Snakemake started together with the one that asks may still be about to connect.
            self._leave_at = self._leave_at or clock.monotonic() + GRACE_SECONDS
        elif "stop" in message:
            self._stopping = True

    def _drop(self, client: _Client) -> None:
        client.line.close()
        client.queue.clear()
        if client in self._clients:
            self._clients.remove(client)
        if self._workers:
            self._workers.forget(client)

    def _work(self, ready: list[Any]) -> None:
        if self._workers is None:
            self._workers = self._start_workers()
            if self._workers is None:
                return
        for client, outcome in self._workers.step(ready, self._take):
            if client in self._clients:
                self._send(client, {"outcome": vars(outcome)})
        self._spans += self._workers.take_spans()
        members = self._workers.members()
        if members != self._members:
            self._members = members
            self._send_members(self._clients)
        if not self._workers.is_alive:
            self._error = self._workers.fault

    def _start_workers(self) -> Workers | ServerThreads | None:
        """The workers, or the threads that ask a server; None while there are no devices."""
        request = self.request
        common = self._loader, request.settings
        if request.server is not None and self._error is None:
            try:
                return ServerThreads(request.server, *common, request.item_timeout)
            except SnakeditError as error:
                self._error = str(error)
        if self._placement is None:
            return None
        # Workers end with the thread that started them, so this must be the main thread.
        exchange = self._placement.exchange
        return Workers(*common, self._copies, request.item_timeout, exchange, self._say)

    def _take(self) -> tuple[_Client, Task] | None:
        """Return the next task: of the first job that has one, so that later jobs fill the gaps."""
        assert self._workers is not None
        busy = {task.writes for task in self._workers.working_on()} - {None}
        for client in self._clients:
            # A job that was killed and started again may ask for a file that its first life still writes.
            if client.queue and client.queue[0].writes not in busy:
                return client, client.queue.popleft()
        return None

    def _say(self, note: str) -> None:
        LOGGER.warning("%s", note)
        self._notes.append(note)

    def _send_members(self, clients: list[_Client]) -> None:
        pool = Member("pool", "", "", os.getpid())
        members = [dataclasses.asdict(member) for member in (pool, *self._members)]
        for client in [client for client in clients if client.accepted]:
            self._send(client, {"members": members})

    def _report(self) -> None:
        """Send the clients what is new: spans, notes, an error, or that the pool is alive."""
        accepted = [client for client in self._clients if client.accepted]
        # Spans go to one job only, so that none is counted twice. Without a job they wait for the next one.
        while accepted and self._spans:
            self._send(accepted[0], {"span": dataclasses.asdict(self._spans.popleft())})
        # Notes wait for a job too.
        while accepted and self._notes:
            note = self._notes.popleft()
            for client in accepted:
                self._send(client, {"note": note})
        if accepted and self._error is not None:
            for client in accepted:
                self._send(client, {"error": self._error})
            self._stopping = True
        if clock.monotonic() - self._alive_at > ALIVE_SECONDS:
            self._alive_at = clock.monotonic()
            for client in list(self._clients):
                self._send(client, {"alive": True})
        for client in list(self._clients):
            if client.line.has_unsent:
                self._send(client, None)

    def _send(self, client: _Client, message: dict[str, Any] | None) -> None:
        try:
            if message is None:
                client.line.flush()
            else:
                client.line.send(message)
        except OSError:
            self._drop(client)


def serve(request: PoolRequest, loaders: dict[str, Loader]) -> None:
    """Run a resident pool in this process until its end."""
    with contextlib.suppress(KeyboardInterrupt):
        PoolServer(request, loaders[request.stage]).serve()
