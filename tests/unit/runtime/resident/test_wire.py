"""Messages over a socket: whole, kept until they are read, between processes of one user."""

import os
import socket

import pytest
from jobs_by_hand import done, tasks, work
from pools_by_hand import sockets

from snakedit.core.errors import DeviceError
from snakedit.runtime.host.folders import private_folder
from snakedit.runtime.resident import wire
from snakedit.runtime.resident.wire import Line, connect


def test_messages_come_whole_however_they_are_cut():
    ours, theirs = socket.socketpair()
    line = Line(theirs)
    message = {"note": "物理 " + "x" * 5, "lone": "\ud800"}
    sender = Line(ours)
    sender.send(message)
    sender.send({"n": 2})
    data = theirs.recv(1 << 16)
    received = []
    for byte in data:
        ours.send(bytes([byte]))
        received += line.receive()
    assert received == [message, {"n": 2}]
    ours.close()
    with pytest.raises(ConnectionResetError):
        line.receive()


def test_what_the_other_end_does_not_read_yet_is_kept():
    ours, theirs = socket.socketpair()
    sender, receiver = Line(ours), Line(theirs)
    for number in range(200):
        sender.send({"n": number, "x": "y" * 10_000})
    assert sender.has_unsent
    received = []
    while len(received) < 200:
        received += receiver.receive()
        sender.flush()
    assert [message["n"] for message in received] == list(range(200))
    assert not sender.has_unsent


def test_a_path_that_is_too_long_for_a_socket_is_one_line(tmp_path):
    with pytest.raises(DeviceError, match=r"is too long for a socket's path; .*set TMPDIR"):
        connect(tmp_path / ("x" * 200))


def test_what_a_pool_said_before_it_went_is_read_though_nothing_can_be_sent_to_it():
    ours, theirs = socket.socketpair()
    line = Line(ours)
    theirs.sendall(b'{"error": "no such device"}\n')
    line.offer({"task": 1})
    theirs.close()
    line.offer({"task": 2})
    assert line.receive() == [{"error": "no such device"}]
    with pytest.raises(ConnectionError):
        line.receive()
    line.close()


def test_only_its_user_may_talk_to_a_pool(run_owner, monkeypatch):
    done(work(), tasks(2))
    (path,) = sockets()
    assert private_folder().stat().st_mode & 0o777 == 0o700
    assert len(os.fsencode(path)) <= wire.MAX_PATH_BYTES
    monkeypatch.setattr(wire, "peer_uid", lambda connection: os.getuid() + 1)
    with pytest.raises(DeviceError, match="belongs to another user"):
        connect(path)
