"""One small request before a run: whether a server answers, takes the key, and has the model."""

from typing import Any

from snakedit.runtime.servers.errors import BrokenAnswerError, EndpointError
from snakedit.runtime.servers.openai_client import Endpoint
from snakedit.runtime.servers.params import EndpointParams

PROBE_SECONDS = 15.0
_MAX_NAMED = 5


def probe_server(params: EndpointParams, model: str, chats: bool) -> None:
    """Ask a server for its list of models and, if the model is not in it, a chat server for one token.

    A server that lists nothing, is busy or fails in its own way passes: its jobs try again and wait.

    Args:
        model: the name that the server should know.
        chats: whether it completes chats; to edit a picture would be no small request.

    Raises:
        ConfigError: if the key is missing.
        EndpointError: if no request can succeed.
    """
    quick = {"retries": 0, "timeout": min(params.timeout, PROBE_SECONDS)}
    endpoint = Endpoint(params.model_copy(update=quick))
    models: list[str] = []
    try:
        answer = endpoint.ask(lambda client: client.models.with_raw_response.list().http_response, True)
        models = _names(answer.data)
    except EndpointError as error:
        does_not_answer = error.status is None and not isinstance(error, BrokenAnswerError)
        if does_not_answer or error.status in (401, 402):
            raise
    if any(name == model or name.endswith(f"/{model}") for name in models):
        return
    if chats:
        _ask_for_a_token(endpoint, model)
    elif models:
        more = f" and {len(models) - _MAX_NAMED} more" if len(models) > _MAX_NAMED else ""
        raise EndpointError(
            f"the server does not have the model '{model}'", allowed=", ".join(models[:_MAX_NAMED]) + more
        )


def _ask_for_a_token(endpoint: Endpoint, model: str) -> None:
    messages = [{"role": "user", "content": [{"type": "text", "text": "Write 1."}]}]
    body = {"model": model, "messages": messages, "max_completion_tokens": 1}
    try:
        endpoint.post("/chat/completions", body, is_trial=True)
    except EndpointError as error:
        if error.is_hopeless:
            raise


def _names(data: dict[str, Any]) -> list[str]:
    entries = data.get("data")
    names = (
        [entry.get("id") for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    )
    return [name for name in names if isinstance(name, str)]
