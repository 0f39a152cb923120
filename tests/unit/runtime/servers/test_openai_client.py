"""Asking a server by OpenAI's protocol: retries, rate limits, refusals, and the key."""

import contextlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from endpoint_by_hand import Told, chat, error, in_turn, only_the_loopback, serving

from snakedit.core.errors import ConfigError
from snakedit.runtime.servers.errors import EndpointError, RefusedError
from snakedit.runtime.servers.exchange import Exchange
from snakedit.runtime.servers.openai_client import FEW, Endpoint
from snakedit.runtime.servers.params import EndpointParams

KEY = "sk-secret-0123456789"


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    only_the_loopback(monkeypatch, OPENAI_API_KEY=KEY)


def endpoint(server, sleep=lambda seconds: None, **params):
    """An endpoint that does not sleep, but calls a function with the seconds that it would."""
    given = {"base_url": server.url, "retries": 2, "first_wait": 0.25, "max_wait": 60.0, **params}
    return Endpoint(EndpointParams(**given), sleep=sleep)


def ask(asked):
    return asked.ask(
        lambda client: (
            client.chat.completions.with_raw_response.create(
                model="m", messages=[{"role": "user", "content": "hello"}]
            ).http_response
        )
    )


def test_an_answer_and_the_key_as_the_protocol_wants_it():
    with serving(in_turn(chat("7"))) as server:
        response = ask(endpoint(server))
    assert response.data["choices"][0]["message"]["content"] == "7"
    assert response.requests == 1
    assert server.asked[0].headers["authorization"] == f"Bearer {KEY}"


def test_a_server_without_keys_is_shown_none(monkeypatch):
    with serving(in_turn(chat("7"))) as server:
        ask(endpoint(server, api_key_env=None))
    assert KEY not in str(server.asked[0].headers)


FAULTS = {
    "429": error(429, "slow down", "rate_limit_exceeded"),
    "500": error(500, "oops"),
    "503": Told(503, b"<html>busy</html>", {"Content-Type": "text/html"}),
    "408": error(408, "late"),
    "cut off": Told(body={"id": "x"}, cut=True),
    "dropped": Told(drop=True),
    "half a JSON": Told(body=b'{"choices": ['),
    "a page": Told(body=b"<html>", headers={"Content-Type": "text/html"}),
    "a list": Told(body=[1]),
    "an abyss": Told(body=b"[" * 100_000),
    "no wait": error(429, "slow down", headers={"Retry-After": "0"}),
    "a wait that is none": error(429, "slow down", headers={"Retry-After": "-3"}),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_is_tried_again_after_waits_that_double(fault):
    waits = []
    with serving(in_turn(fault, fault, chat("7"))) as server:
        response = ask(endpoint(server, waits.append))
    assert response.requests == len(server.asked) == 3
    assert [0.75 * wait <= slept <= wait for wait, slept in zip((0.25, 0.5), waits, strict=True)] == [
        True
    ] * 2


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_the_retries_come_to_an_end_that_is_one_line(fault):
    with serving(in_turn(fault)) as server, pytest.raises(EndpointError) as caught:
        ask(endpoint(server))
    assert caught.value.requests == len(server.asked) == 3
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("the server")


def test_a_server_that_is_silent_too_long_is_tried_again():
    with serving(in_turn(Told(seconds=4.0, body={}), chat("7"))) as server:
        assert ask(endpoint(server, timeout=2.0)).requests == 2


def test_nobody_there_is_told_as_that():
    with serving(in_turn(chat("7"))) as server:
        pass
    with pytest.raises(EndpointError, match="Connection refused"):
        ask(endpoint(server))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "0.5"}, 0.5),
        ({"retry-after-ms": "1500", "Retry-After": "9"}, 1.5),
        ({"Retry-After": "date"}, 300.0),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_what_the_server_asks_to_wait_is_waited(headers, seconds, status, clock):
    if headers["Retry-After"] == "date":
        headers = {"Retry-After": format_datetime(datetime.now(UTC) + timedelta(seconds=300), usegmt=True)}
    begin = clock.monotonic()
    with serving(in_turn(error(status, "busy", headers=headers), chat("7"))) as server:
        assert ask(endpoint(server, clock.advance, first_wait=0.001, max_wait=600.0)).requests == 2
    # A date is compared with the time of day, which goes on.
    tolerance = 30.0 if seconds == 300.0 else 0.01
    assert clock.monotonic() - begin == pytest.approx(seconds, abs=tolerance)


def test_one_rest_concerns_its_own_request_and_the_second_in_a_row_concerns_all(clock):
    rest = error(429, "slow down", headers={"Retry-After": "7"})
    lent: list[float] = []
    with serving(in_turn(rest, chat("7"), rest, rest, chat("7"))) as server:
        asked = endpoint(server, clock.advance, retries=3)

        @contextlib.contextmanager
        def lend():
            # Another thread asks meanwhile.
            lent.append(asked._closed_until)
            yield

        exchange = Exchange()
        exchange.lend_slot = lend
        with exchange.of_this_thread():
            assert ask(asked).requests == 2
            assert lent == [0.0]
            assert ask(asked).requests == 3
    assert lent[1] == 0.0
    assert lent[2] > 0.0


def test_every_thread_heeds_what_one_was_told_and_none_asks_a_server_that_wants_too_long_a_rest():
    with serving(in_turn(error(429, "tomorrow", headers={"Retry-After": "3600"}))) as server:
        asked = endpoint(server)
        for requests in (1, 0):
            with pytest.raises(EndpointError, match=r"left alone for 3\d\d\d s; allowed: 60 s") as caught:
                ask(asked)
            assert caught.value.requests == requests
    assert len(server.asked) == 1


@pytest.mark.parametrize("seconds", [90, 3600])
def test_too_long_a_rest_is_refused_at_once(seconds, clock):
    begin = clock.monotonic()
    rest = error(429, "tomorrow", headers={"Retry-After": str(seconds)})
    with (
        serving(in_turn(rest, chat("7"))) as server,
        pytest.raises(EndpointError, match=f"left alone for {seconds} s"),
    ):
        ask(endpoint(server, clock.advance))
    assert clock.monotonic() == pytest.approx(begin, abs=0.01)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (
            error(401, f"Incorrect API key provided: {KEY[:6]}***6789"),
            "does not accept the key in OPENAI_API_KEY",
        ),
        (error(402, "no credit"), "402: no credit"),
        (error(404, "no model m", "model_not_found"), "404: no model m"),
        (error(429, "quota", "insufficient_quota"), "429: quota"),
    ],
)
def test_what_no_other_request_would_mend_is_asked_once(fault, message):
    with serving(in_turn(fault)) as server:
        asked = endpoint(server)
        for _ in range(3):
            with pytest.raises(EndpointError, match=message) as caught:
                ask(asked)
    assert len(server.asked) == 1
    assert KEY[:6] not in str(caught.value)


def test_a_server_that_wants_a_key_after_all_is_told_as_that():
    with (
        serving(in_turn(error(401, "no key"))) as server,
        pytest.raises(EndpointError, match="wants a key; name its variable"),
    ):
        ask(endpoint(server, api_key_env=None))


def test_half_a_character_is_no_half_record():
    with serving(in_turn(Told(body=b'{"choices": ["\\ud83d and more"]}'))) as server:
        assert ask(endpoint(server)).data == {"choices": ["? and more"]}


def test_half_a_character_is_in_no_error_either():
    fault = Told(400, b'{"error": {"message": "bad \\ud83d"}}', {"Content-Type": "application/json"})
    with serving(in_turn(fault)) as server, pytest.raises(EndpointError, match=r"400: bad \?$"):
        ask(endpoint(server))


@pytest.mark.parametrize("status", [400, 403, 413, 422])
def test_a_bad_request_is_not_tried_again_but_the_next_one_is(status):
    with serving(in_turn(error(status, "bad"), chat("7"))) as server:
        asked = endpoint(server)
        with pytest.raises(EndpointError, match=f"answered {status}: bad"):
            ask(asked)
        assert ask(asked).requests == 1


@pytest.mark.parametrize(
    "fault",
    [
        error(400, "filtered", "content_filter"),
        error(400, "against the rules", "content_policy_violation"),
        error(400, "blocked", "moderation_blocked"),
        Told(
            400,
            {
                "error": {
                    "message": "no",
                    "code": None,
                    "innererror": {"code": "ResponsibleAIPolicyViolation"},
                }
            },
        ),
    ],
)
def test_a_content_filter_is_a_refusal_and_not_tried_again(fault):
    with serving(in_turn(fault)) as server, pytest.raises(RefusedError) as caught:
        ask(endpoint(server))
    assert caught.value.requests == len(server.asked) == 1


def test_the_key_is_in_nothing_that_the_server_is_heard_to_say():
    told = [chat(f"your key is {KEY}"), error(400, f"bad {KEY}"), Told(body=f"<{KEY}>".encode())]
    with serving(in_turn(*told)) as server:
        asked = endpoint(server, retries=0)
        assert KEY not in str(ask(asked).data)
        for _ in range(2):
            with pytest.raises(EndpointError) as caught:
                ask(asked)
            assert KEY not in str(caught.value)
            assert caught.value.__suppress_context__


ODD_KEY = 'sk/odd"\\key+0123'


def spelled(told, *escapes):
    """A response whose JSON spells characters in other ways than it must."""
    text = json.dumps(told.body)
    for character, escape in escapes:
        text = text.replace(character, escape)
    return replace(told, body=text.encode())


SPELLINGS = {
    "as JSON must": chat(f"your key is {ODD_KEY}"),
    "as PHP does": spelled(chat(f"your key is {ODD_KEY}"), ("/", "\\/")),
    "in numbers": spelled(
        chat(f"your key is {ODD_KEY}"), ("/", "\\u002F"), ("+", "\\u002b"), ("k", "\\u006b")
    ),
    "in an error": error(400, f"bad {ODD_KEY}"),
    "in an object": Told(400, {"error": {"message": {"key": ODD_KEY}, "code": [ODD_KEY]}}),
    "in half an answer": Told(body=json.dumps({"key": ODD_KEY}).replace("/", "\\/").encode()[:-1]),
}


@pytest.mark.parametrize("told", SPELLINGS.values(), ids=SPELLINGS)
def test_the_key_is_known_however_json_spells_it(told, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", ODD_KEY)
    with serving(in_turn(told)) as server:
        try:
            heard = ask(endpoint(server)).data["choices"][0]["message"]["content"]
        except EndpointError as caught:
            heard = str(caught)
    assert "[key]" in heard
    assert "0123" not in heard


def test_what_is_too_short_for_a_secret_takes_nothing_out_of_an_answer(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "7")
    with serving(in_turn(chat("7"))) as server:
        assert ask(endpoint(server)).data["choices"][0]["message"]["content"] == "7"


@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_missing_key_is_one_line(monkeypatch, value):
    monkeypatch.delenv("OPENAI_API_KEY")
    if value is not None:
        monkeypatch.setenv("OPENAI_API_KEY", value)
    with pytest.raises(ConfigError, match="the environment variable OPENAI_API_KEY is not set") as caught:
        Endpoint(EndpointParams())
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", ["sk-a b", "sk-ü", "sk-a\nb"])
def test_what_can_be_no_key_is_not_repeated(monkeypatch, value):
    monkeypatch.setenv("MY_KEY", value)
    with pytest.raises(ConfigError, match="what MY_KEY holds is no key") as caught:
        Endpoint(EndpointParams(api_key_env="MY_KEY"))
    assert value not in str(caught.value)


@pytest.mark.parametrize("name", ["logprobs", "image[]"])
def test_what_every_request_meets_is_asked_a_few_times_and_then_no_more(name):
    with serving(in_turn(error(400, f"Unknown parameter: '{name}'"))) as server:
        asked = endpoint(server)
        exchange = Exchange()
        with exchange.of_this_thread():
            for _ in range(20):
                with pytest.raises(EndpointError, match="Unknown parameter"):
                    ask(asked)
                assert (exchange.fault is None) == (len(server.asked) < FEW)
    assert len(server.asked) == FEW


@pytest.mark.parametrize("first", [chat("7"), error(400, "no", "content_filter")], ids=["answer", "refusal"])
def test_a_server_that_has_answered_once_is_not_given_up(first):
    with serving(in_turn(first, error(400, "picture too large"))) as server:
        asked = endpoint(server)
        with contextlib.suppress(RefusedError):
            ask(asked)
        for _ in range(2 * FEW):
            with pytest.raises(EndpointError, match="picture too large"):
                ask(asked)
    assert len(server.asked) == 1 + 2 * FEW


def test_what_is_wrong_with_small_pictures_is_not_taken_for_the_servers_fault():
    # The smallest are judged first.
    with serving(in_turn(error(400, "the image must be at least 28 pixels high"))) as server:
        asked = endpoint(server)
        for _ in range(2 * FEW):
            with pytest.raises(EndpointError, match="28 pixels"):
                ask(asked)
    assert len(server.asked) == 2 * FEW


def test_failures_of_different_kinds_are_the_requests_own():
    told = [error(400, f"the word {'a' * number} is wrong") for number in range(1, 2 * FEW)]
    with serving(in_turn(*told)) as server:
        asked = endpoint(server)
        for _ in told:
            with pytest.raises(EndpointError, match="is wrong"):
                ask(asked)
    assert len(server.asked) == len(told)


def test_a_trial_says_nothing_of_other_requests():
    with serving(in_turn(error(404, "no such format"))) as server:
        asked = endpoint(server)
        for _ in range(2 * FEW):
            with pytest.raises(EndpointError):
                asked.ask(
                    lambda client: (
                        client.chat.completions.with_raw_response.create(model="m", messages=[]).http_response
                    ),
                    is_trial=True,
                )
    assert len(server.asked) == 2 * FEW


def test_an_error_within_200_is_treated_by_its_code():
    busy = Told(body={"id": None, "choices": None, "error": {"message": "busy", "code": 429}})
    with serving(in_turn(busy, chat("7"))) as server:
        assert ask(endpoint(server)).requests == 2
    wrong = Told(body={"choices": None, "error": {"message": f"bad key {KEY}", "code": "invalid_api_key"}})
    with serving(in_turn(wrong)) as server:
        asked = endpoint(server)
        for _ in range(2):
            with pytest.raises(EndpointError, match="does not accept the key"):
                ask(asked)
        assert len(server.asked) == 1


def test_a_json_object_arrives_as_it_was_given_and_as_the_clients_own_requests_do():
    text = {"type": "text", "text": "“é” \ud83d"}
    messages = [{"role": "user", "content": [text]}]
    with serving(in_turn(chat("7"), chat("7"))) as server:
        asked = endpoint(server)
        assert asked.post("/chat/completions", {"model": "m", "messages": messages}).requests == 1
        ask(asked)
    ours, theirs = server.asked
    assert ours.path == theirs.path == "/v1/chat/completions"
    assert ours.body == {"model": "m", "messages": [{"role": "user", "content": [{**text, "text": "“é” ?"}]}]}
    # The last one is a note of the client to itself.
    varying = {"content-length", "x-stainless-raw-response"}
    headers = [
        {k: v for k, v in request.headers.items() if k.lower() not in varying} for request in server.asked
    ]
    assert headers[0] == headers[1]
