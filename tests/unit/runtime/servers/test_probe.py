"""One small request tells whether a server could serve a run."""

import pytest
from endpoint_by_hand import Asked, Told, chat, error, only_the_loopback, serving

from snakedit.core.errors import ConfigError
from snakedit.runtime.servers.errors import EndpointError
from snakedit.runtime.servers.params import EndpointParams
from snakedit.runtime.servers.probe import probe_server


def told(asked: Asked, number: int) -> Told:
    return chat("1") if asked.body["model"] == "critic" else error(404, "no such model", "model_not_found")


def probe(url: str, model: str = "critic", chats: bool = True, key: str | None = None) -> None:
    probe_server(EndpointParams(base_url=url, api_key_env=key, timeout=5.0), model, chats)


def test_a_listed_model_costs_no_request_but_the_list():
    with serving(told) as server:
        probe(server.url)
        assert server.asked == []


@pytest.mark.parametrize("models", [None, ["painter"]])
def test_a_chat_server_that_does_not_list_a_model_is_asked_for_one_token(models: list[str] | None):
    with serving(told) as server:
        server.models = models
        probe(server.url)
        assert [asked.body["max_completion_tokens"] for asked in server.asked] == [1]
        with pytest.raises(EndpointError, match=r"the server answered 404.*no such model"):
            probe(server.url, "critik")


def test_a_server_of_pictures_is_believed_by_its_list_and_never_asked_to_edit():
    with serving(told) as server:
        with pytest.raises(EndpointError, match="does not have the model 'p'; allowed: painter, critic"):
            probe(server.url, "p", chats=False)
        server.models = None
        probe(server.url, "p", chats=False)
        assert server.asked == []


def test_a_server_that_is_not_there_is_refused():
    with serving(told) as server:
        url = server.url
    with pytest.raises(EndpointError, match="the server gave no whole answer"):
        probe(url)


def test_a_busy_server_passes():
    with serving(lambda asked, number: error(503, "loading")) as server:
        server.models = None
        probe(server.url)


def test_a_missing_key_is_refused_and_a_wrong_one_too(monkeypatch: pytest.MonkeyPatch):
    only_the_loopback(monkeypatch)
    with serving(lambda asked, number: error(401, "wrong key")) as server:
        server.models = None
        with pytest.raises(ConfigError, match="the environment variable SNAKEDIT_NO_KEY is not set"):
            probe(server.url, key="SNAKEDIT_NO_KEY")
        monkeypatch.setenv("SNAKEDIT_A_KEY", "sk-0123456789")
        with pytest.raises(EndpointError, match="does not accept the key in SNAKEDIT_A_KEY"):
            probe(server.url, key="SNAKEDIT_A_KEY")
