"""Jobs in threads of a test, and the resident pools that they use, asked over their sockets."""

import os
import threading
import time

from jobs_by_hand import done, job, wait_for

from snakedit.runtime.host.folders import private_folder
from snakedit.runtime.resident.wire import connect


class Background:
    """A job in a thread of this process, so that several can be in flight.

    Attributes:
        ended: when it ended, by the system's clock; 0 before.
    """

    def __init__(self, work, todo, label="sim", **changes):
        self.outcomes, self.error = None, None
        self.ended = 0.0
        self._thread = threading.Thread(target=self._run, args=(work, todo, job(label=label), changes))
        self._thread.start()

    def _run(self, work, todo, context, changes):
        try:
            self.outcomes = done(work, todo, context, **changes)
        except BaseException as error:
            self.error = error
            raise
        self.ended = time.monotonic()

    def wait(self):
        self._thread.join(120)
        assert not self._thread.is_alive()
        assert self.error is None
        return self.outcomes


def sockets():
    return list(private_folder().glob("*.sock"))


def the_socket():
    (path,) = sockets()
    return path


def ask_the_pool_to_leave():
    line = connect(the_socket())
    line.send({"leave": True})
    line.close()


def refuses_a_job(path=None):
    """Say whether a pool refuses a job, after it has read whatever came to it before."""
    line = connect(path or the_socket())
    line.send({"job": {"label": "asks", "pid": os.getpid()}})
    answers = []
    wait_for(lambda: answers.extend(line.receive()) or answers)
    line.close()
    return "leaving" in answers[0]
