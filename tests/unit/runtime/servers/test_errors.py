"""What a server's error means, in the shapes of many providers."""

import pytest

from snakedit.runtime.servers.errors import is_filters_word, told_error

REFUSED = [
    (400, {"error": {"message": "x", "code": "content_filter", "innererror": {"code": "y"}}}),
    (400, {"error": {"message": "x", "code": None, "innererror": {"code": "ResponsibleAIPolicyViolation"}}}),
    (400, {"error": {"message": "Your request was rejected by our safety system.", "type": "user_error"}}),
    (400, {"error": {"message": "the prompt was flagged: usage policy", "code": "invalid_prompt"}}),
    (400, {"error": {"message": "Input data may be unfit.", "code": "data_inspection_failed"}}),
    (400, {"error": {"message": "Input data may be unfit.", "code": None}}),
    (400, {"error": {"message": "Content Exists Risk", "code": "invalid_request_error"}}),
    (400, {"error": {"message": "it was considered high risk", "type": "content_filter"}}),
    (400, {"type": "error", "error": {"type": "x", "message": "Output blocked by content filtering policy"}}),
    (400, {"error": {"code": "InputImageSensitiveContentDetected", "message": "no"}}),
    (400, {"error": {"code": "1301", "message": "系统检测到可能包含不安全或敏感内容"}}),
    (400, {"error": {"message": "litellm.ContentPolicyViolationError: no", "code": "400"}}),
    (400, {"error": {"message": "Provider returned error", "metadata": {"raw": "SAFE"}}}),
    (403, {"error": {"code": 403, "message": "it requires moderation and your input was flagged"}}),
    (403, {"code": "no permission", "error": "Content violates usage guidelines. API key ID: 7"}),
    (422, {"detail": [{"msg": "NSFW content", "type": "content_policy_violation"}]}),
    (451, {"error": {"message": "blocked", "type": "censorship_blocked"}}),
    (200, {"choices": [{"error": {"code": 403, "message": "violates the content policy"}}]}),
    (200, {"base_resp": {"status_code": 1026, "status_msg": "input new_sensitive"}, "choices": None}),
]
SAFE = '{"error": {"code": "data_inspection_failed", "message": "no"}}'
REFUSED[12][1]["error"]["metadata"]["raw"] = SAFE

BAD_REQUESTS = [
    (400, {"error": {"message": "Unknown parameter: 'moderation'.", "code": "unknown_parameter"}}),
    (400, {"error": {"message": "Invalid value: 'safety'. Supported: 'content_filter'", "code": "invalid"}}),
    (400, {"object": "error", "message": "max_tokens is too large", "type": "BadRequestError", "code": 400}),
    (
        400,
        {
            "error": {
                "message": "no download during the inspection",
                "code": "InvalidParameter.DataInspection",
            }
        },
    ),
    (400, [{"error": {"code": 400, "message": "invalid", "status": "INVALID_ARGUMENT"}}]),
    (403, {"error": {"message": "Your account was flagged for violating our usage policies"}}),
    (403, {"error": {"message": "Country, region, or territory not supported"}}),
    (422, {"detail": [{"loc": ["body"], "msg": "extra fields not permitted"}]}),
    (400, None),
    (400, 7),
    (400, {"error": [["x"]]}),
    (200, {"choices": None, "error": {"code": "invalid_request_error", "message": "bad"}}),
]

RETRIED = [
    (200, {"choices": None, "error": {"message": "no", "code": 429, "metadata": {"raw": "Too Many"}}}),
    (200, {"choices": [{"error": {"code": 502, "message": "lost"}, "finish_reason": "error"}]}),
    (200, {"choices": [{"message": {"content": "7"}, "finish_reason": "error"}]}),
    (200, {"error": {"message": "Rate limit reached", "type": "rate_limit_exceeded"}}),
    (200, {"error": {"message": "x", "code": "Throttling.RateQuota"}}),
    (200, {"error": "model overloaded"}),
    (200, {"error": {"message": "nobody knows"}}),
    (429, [{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "Resource exhausted"}}]),
    (500, {"error": {"message": {"a": 1}, "code": [1], "type": {"x": 2}}}),
    (529, {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}),
]

HOPELESS = [
    (429, {"error": {"type": "insufficient_quota", "message": "You exceeded your current quota"}}),
    (403, {"error": {"message": "no", "code": "insufficient_user_quota"}}),
    (200, {"error": {"code": "invalid_api_key", "message": "bad key"}}),
    (200, {"code": "Arrearage", "message": "Access denied"}),
    (400, {"error": {"code": "model_not_found", "message": "which model?"}}),
]


@pytest.mark.parametrize(("status", "answer"), REFUSED)
def test_a_content_filter_is_known_by_its_code_or_its_words(status, answer):
    told = told_error(status, answer)
    assert told.is_refusal
    assert not told.is_retried


@pytest.mark.parametrize(("status", "answer"), BAD_REQUESTS)
def test_a_bad_request_is_no_refusal_and_not_tried_again(status, answer):
    told = told_error(status, answer)
    assert (told.is_refusal, told.is_retried, told.is_hopeless) == (False, False, False)


@pytest.mark.parametrize(("status", "answer"), RETRIED)
def test_a_fault_of_the_moment_is_tried_again(status, answer):
    told = told_error(status, answer)
    assert (told.is_refusal, told.is_retried, told.is_hopeless) == (False, True, False)


@pytest.mark.parametrize(("status", "answer"), HOPELESS)
def test_what_every_other_request_would_meet_is_hopeless(status, answer):
    told = told_error(status, answer)
    assert (told.is_refusal, told.is_retried, told.is_hopeless) == (False, False, True)


@pytest.mark.parametrize(
    "answer",
    [
        {"choices": [{"message": {"content": "7"}}], "error": None},
        {"choices": [{"message": {"content": "7"}}], "error": {"code": 0, "message": ""}},
        {"choices": [{"message": {"content": "7"}}], "base_resp": {"status_code": 0}},
        {"choices": [{"message": {}, "content_filter_results": {"hate": {"filtered": False}}}]},
        {"data": [{"b64_json": "AAAA"}], "message": "done"},
        {"choices": []},
        {},
        [1],
    ],
)
def test_an_answer_is_no_error(answer):
    assert told_error(200, answer) is None


def test_the_servers_words_are_kept_with_those_that_a_proxy_repeats():
    wrapped = {"error": {"message": "Provider returned error", "code": 429, "metadata": {"raw": "Too Many"}}}
    assert str(told_error(200, wrapped)) == "200 with error 429: Provider returned error Too Many"
    assert str(told_error(503, None, "<html>\n busy")) == "503: <html> busy"
    assert str(told_error(400, {"error": {"code": "x_y"}})) == "400: x_y"
    assert len(str(told_error(400, {"error": "a" * 10_000}))) < 400


@pytest.mark.parametrize(
    "word", ["content_filter", "SAFETY", "content_filter: RECITATION", "sensitive", "refusal"]
)
def test_the_word_of_a_filter_is_known(word):
    assert is_filters_word(word)


@pytest.mark.parametrize("word", ["stop", "length", None, 7, "tool_calls", "content_filter_error"])
def test_another_word_is_no_filters(word):
    assert not is_filters_word(word)
