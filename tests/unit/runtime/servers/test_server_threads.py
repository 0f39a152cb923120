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
    threads.close()


class Down:
    """A server that is down: every task rests before it asks again, until `up`."""

    def __init__(self) -> None:
        self.up = threading.Event()
        self.begun = threading.Semaphore(0)

    def handle(self, payload: dict[str, int]) -> dict[str, int]:
        with current_exchange().lend_slot():
            self.begun.release()
            assert self.up.wait(60)
        return payload

    def release_memory(self) -> None:
        raise AssertionError("nothing runs out of memory here")


def test_a_server_that_is_down_does_not_get_all_tasks_at_a_time():
    down, at_once = Down(), 2
    tasks = [Task(str(n), {}) for n in range(20)]
    threads = ServerThreads(Server("http://there/v1", at_once), lambda *_: down, {}, item_timeout=60.0)
    source = iter(tasks)

    def take() -> tuple[str, Task] | None:
        task = next(source, None)
        return None if task is None else ("job", task)

    assert threads.step((), take) == []
    for _ in range(2 * at_once):
        assert down.begun.acquire(timeout=60)
        threads.step((), take)
    # One more look, now that all of them rest.
    wait(threads.connections, timeout=0.05)
    threads.step((), take)
    assert len(threads.working_on()) == 2 * at_once
    down.up.set()
    outcomes = []
    deadline = time.monotonic() + 100
    while len(outcomes) < len(tasks):
        assert time.monotonic() < deadline, outcomes
        outcomes += [outcome for _, outcome in threads.step((), take)]
        wait(threads.connections, timeout=0.05)
    assert threads.is_idle
    # Threads that stand in for others are numbered again and again.
    assert {outcome.device for outcome in outcomes} <= {f"endpoint:{n}" for n in range(2 * at_once)}
    threads.close()
