"""The time of a task's requests, and their end from another thread."""

import socket

from snakedit.runtime.servers.exchange import Exchange, current_exchange


class Connection:
    def __init__(self, plain):
        self._plain = plain

    def get_extra_info(self, name):
        return self._plain if name == "socket" else None


def test_the_time_that_is_left(clock):
    exchange = Exchange(60.0)
    clock.advance(20)
    assert exchange.seconds_left == 40
    assert not exchange.is_over
    clock.advance(50)
    assert exchange.is_over


def test_one_without_an_end_ends_when_it_is_closed():
    exchange = Exchange()
    assert exchange.seconds_left is None
    exchange.close()
    assert exchange.is_over


def test_each_thread_has_its_own_and_none_outside_of_a_task():
    exchange = Exchange()
    with exchange.of_this_thread():
        assert current_exchange() is exchange
    assert current_exchange() is not exchange


def test_what_is_read_from_ends_with_it_whether_it_is_known_before_or_after():
    for closes_first in (False, True):
        ours, theirs = socket.socketpair()
        exchange = Exchange()
        if closes_first:
            exchange.close()
        exchange.reads_from(Connection(ours))
        exchange.close()
        assert theirs.recv(1) == b""
        ours.close()
        theirs.close()


def test_a_connection_that_is_no_socket_is_left_alone():
    exchange = Exchange()
    exchange.reads_from(Connection(None))
    exchange.close()
    assert exchange.is_over
