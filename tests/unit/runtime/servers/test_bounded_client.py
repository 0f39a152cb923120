"""How much of an answer is read, and where a redirect leads."""

import gzip
import threading
import zlib

import pytest
from endpoint_by_hand import Told, chat, in_turn, only_the_loopback, serving
from jobs_by_hand import wait_for

from snakedit.runtime.servers.errors import EndpointError
from snakedit.runtime.servers.exchange import Exchange
from snakedit.runtime.servers.openai_client import Endpoint
from snakedit.runtime.servers.params import EndpointParams


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    only_the_loopback(monkeypatch)


def endpoint(server, **params):
    given = {"base_url": server.url, "api_key_env": None, "retries": 1, "first_wait": 0.001, **params}
    return Endpoint(EndpointParams(**given))


def ask(asked):
    return asked.ask(
        lambda client: client.chat.completions.with_raw_response.create(model="m", messages=[]).http_response
    )


def packed(body, name="gzip"):
    return Told(body=body, headers={"Content-Encoding": name})


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("beginning", [b"", b'{"choices": ['])
def test_an_endless_answer_is_read_to_the_limit_and_its_connection_closed(status, beginning):
    told = Told(status, body=beginning, endless=b" " * 50_000)
    with serving(in_turn(told)) as server:
        with pytest.raises(EndpointError, match="longer than 1 MB; raise max_answer_mb"):
            ask(endpoint(server, max_answer_mb=1))
        assert server.closed_by_the_client.wait(10)
    assert len(server.asked) == 1


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
def test_a_packed_answer_is_unpacked_to_the_limit_only(pack):
    told = packed(pack(bytes(50_000_000)))
    with serving(in_turn(told)) as server, pytest.raises(EndpointError, match="longer than 1 MB"):
        ask(endpoint(server, max_answer_mb=1))


@pytest.mark.parametrize(
    ("name", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress), ("identity", bytes)]
)
def test_a_packed_answer_is_read_as_a_plain_one(name, pack):
    body = b'{"choices": [1]}'
    with serving(in_turn(packed(pack(body), name))) as server:
        assert ask(endpoint(server)).data == {"choices": [1]}
    headers = {key.lower(): value for key, value in server.asked[0].headers.items()}
    assert headers["accept-encoding"] == "gzip, deflate"


@pytest.mark.parametrize(
    ("told", "message"),
    [
        (packed(gzip.compress(b"{}")[:-9]), "ends before its end"),
        (packed(b"no gzip"), "cannot be unpacked"),
        (packed(b"{}", "br"), "as 'br', which nobody asked for"),
    ],
)
def test_what_cannot_be_unpacked_is_one_line(told, message):
    with serving(in_turn(told)) as server, pytest.raises(EndpointError, match=message) as caught:
        ask(endpoint(server))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_other_host_port_or_scheme_is_asked(status):
    with serving(in_turn(chat("7"))) as other:
        addresses = [other.url, "https://127.0.0.1/v1", "http://user:pw@localhost/x?key=1", "http://["]
        for address in addresses:
            with serving(in_turn(Told(status, headers={"Location": address}))) as server:
                asked = endpoint(server)
                for _ in range(2):
                    with pytest.raises(EndpointError, match="the server redirects") as caught:
                        ask(asked)
                assert "pw" not in str(caught.value)
        assert other.asked == []


def test_a_redirect_within_the_server_is_followed_with_its_content():
    with serving(
        lambda asked, number: Told(307, headers={"Location": "/v2/x"}) if number == 1 else chat("7")
    ) as server:
        assert ask(endpoint(server)).data["choices"]
    assert [asked.path for asked in server.asked] == ["/v1/chat/completions", "/v2/x"]
    assert server.asked[0].body == server.asked[1].body


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_redirect_that_drops_the_content_is_not_followed(status):
    with (
        serving(in_turn(Told(status, headers={"Location": "/v2/x"}))) as server,
        pytest.raises(EndpointError, match="drops the request's content"),
    ):
        ask(endpoint(server))


def test_redirects_without_end_end():
    with (
        serving(in_turn(Told(307, headers={"Location": "/v1/chat/completions"}))) as server,
        pytest.raises(EndpointError, match="redirects more than 5 times"),
    ):
        ask(endpoint(server))


@pytest.mark.parametrize("endless", [b" " * 2_000, b" "], ids=["busy", "slow"])
def test_the_connection_is_closed_when_the_exchange_is(endless):
    exchange, failures = Exchange(), []

    def in_thread(asked):
        with exchange.of_this_thread():
            try:
                ask(asked)
            except EndpointError as error:
                failures.append(error)

    with serving(in_turn(Told(body=b"", endless=endless))) as server:
        thread = threading.Thread(target=in_thread, args=(endpoint(server, max_answer_mb=1000),))
        thread.start()
        wait_for(lambda: server.asked)
        exchange.close()
        thread.join(20)
        assert not thread.is_alive()
        assert server.closed_by_the_client.wait(10)
    assert len(failures) == len(server.asked) == 1


def test_nothing_is_asked_after_the_end():
    exchange = Exchange(seconds=0.0)
    with (
        serving(in_turn(chat("7"))) as server,
        exchange.of_this_thread(),
        pytest.raises(EndpointError, match="time of its item is over"),
    ):
        ask(endpoint(server))
    assert server.asked == []
