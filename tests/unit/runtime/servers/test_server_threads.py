"""The threads that ask a server: what they do while a request waits to ask again."""

import threading
import time
from multiprocessing.connection import wait

from snakedit.runtime.pool.tasks import Task
from snakedit.runtime.servers.address import Server
from snakedit.runtime.servers.exchange import current_exchange
from snakedit.runtime.servers.server_threads import ServerThreads


class Resting:
    """Rests in the middle of task "resting" until all others are done, and counts who is with the server."""

    def __init__(self) -> None:
        self.at_once = self.most = 0
        self.others_done = threading.Semaphore(0)
        self.lock = threading.Lock()

    def _enter(self, step: int) -> None:
        with self.lock:
            self.at_once += step
            self.most = max(self.most, self.at_once)

    def handle(self, payload: dict[str, int]) -> dict[str, int]:
        self._enter(1)
        if "others" in payload:
            self._enter(-1)
            with current_exchange().lend_slot():
                for _ in range(payload["others"]):
                    assert self.others_done.acquire(timeout=60)
            self._enter(1)
        else:
            self.others_done.release()
        self._enter(-1)
        return payload

    def release_memory(self) -> None:
        raise AssertionError("nothing runs out of memory here")


def test_a_slot_is_not_idle_while_its_request_rests():
    resting = Resting()
    others = 5
    tasks = [Task("resting", {"others": others}), *(Task(str(n), {}) for n in range(others))]
    threads = ServerThreads(Server("http://here/v1", 1), lambda *_: resting, {}, item_timeout=60.0)
    source = iter(tasks)

    def take() -> tuple[str, Task] | None:
        task = next(source, None)
        return None if task is None else ("job", task)

    done: list[str] = []
    deadline = time.monotonic() + 100
    while len(done) < len(tasks):
        assert time.monotonic() < deadline, done
        done += [outcome.key for _, outcome in threads.step((), take)]
        wait(threads.connections, timeout=0.05)
    assert done[-1] == "resting"
    assert resting.most == 1
    assert threads.is_idle
    # The thread that was added has ended.
    assert len(threads._free) == 1
    threads.close()
