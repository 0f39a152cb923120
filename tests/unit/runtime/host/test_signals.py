"""Stopping a job on SIGINT and SIGTERM, where nothing is half done."""

import signal
import threading

import pytest

from snakedit.runtime.host.signals import Stop


@pytest.fixture(autouse=True)
def handlers():
    """The handlers of this process are the same after each test."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(
    ("number", "error"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)]
)
def test_a_signal_ends_the_job_at_the_next_check(number, error):
    def job():
        with Stop() as stop:
            stop.check()
            signal.raise_signal(number)
            stop.check()
            pytest.fail("the job went on")

    with pytest.raises(error):
        job()


def test_a_signal_after_the_last_check_is_not_lost():
    with pytest.raises(KeyboardInterrupt), Stop():
        signal.raise_signal(signal.SIGINT)


def test_the_handlers_from_before_come_back():
    before = signal.getsignal(signal.SIGTERM)
    with Stop():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


def test_outside_the_main_thread_the_handlers_stay():
    before = signal.getsignal(signal.SIGTERM)
    seen = []

    def enter():
        with Stop() as stop:
            stop.check()
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert seen == [before]


def test_what_is_left_in_another_thread_hands_signals_on():
    received = []
    signal.signal(signal.SIGTERM, lambda number, frame: received.append(number))
    stop = Stop()
    stop.__enter__()
    thread = threading.Thread(target=stop.__exit__, args=(None, None, None))
    thread.start()
    thread.join()
    signal.raise_signal(signal.SIGTERM)
    signal.raise_signal(signal.SIGTERM)
    assert received == [signal.SIGTERM, signal.SIGTERM]
