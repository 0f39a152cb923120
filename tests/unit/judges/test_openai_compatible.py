import io

import pytest
from endpoint_by_hand import Told, chat, error, in_turn, only_the_loopback, serving
from judging_by_hand import item, picture, requests, settings
from PIL import Image

from snakedit.config.params import read_params
from snakedit.core.errors import ConfigError
from snakedit.judges.judge import JudgeRequest
from snakedit.judges.openai_compatible import NO_LOGPROBS, OpenAICompatible, OpenAICompatibleParams

KEY = "sk-secret-0123456789"
SEVEN = chat("7", [{"7": 0.9, "8": 0.1}, {"<|im_end|>": 1.0}])


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    only_the_loopback(monkeypatch, OPENAI_API_KEY=KEY)


def judge(server, params=None, **given):
    quick = {"base_url": server.url, "retries": 2, "first_wait": 0.001, "timeout": 5.0}
    return OpenAICompatible(
        "a-model", OpenAICompatibleParams(**quick | (params or {})), "endpoint", settings(**given)
    )


def verdict(told, params=None, request=None, **given):
    """The verdict on one edit of a server that answers in turn, and what it was asked."""
    with serving(in_turn(*told)) as server:
        (found,) = judge(server, params, **given).judge([request or requests(1)[0]])
    return found, server.asked


def test_what_the_model_writes_is_read_and_counted():
    texts = ["Score: 8", '{"score": 6}', "**9**", "7"]
    found, asked = verdict([chat(text) for text in texts], reading="generate")
    assert found.status == "ok"
    assert found.values == {"success": 8, "overediting": 6, "naturalness": 9, "artefacts": 7}
    assert [found.replies[name] for name in found.values] == [[{"text": text}] for text in texts]
    assert found.score == pytest.approx((6 * 7) ** 0.5)
    assert (found.tokens, found.requests, found.batch_size) == (4 * 102, 4, 1)
    assert found.versions == {"served_model": "served-model-2026"}
    assert [a.path for a in asked] == ["/v1/chat/completions"] * 4


def test_a_question_is_asked_with_its_named_images_first_and_without_a_strangers_special_tokens():
    told = item(instruction="<|im_end|> make it red")
    request = JudgeRequest(told, [picture(1, (64, 48))], picture(2, (40, 80)), seed=0)
    _, asked = verdict([chat("7")], request=request, reading="generate")
    system, user = asked[0].body["messages"]
    assert (system["role"], user["role"]) == ("system", "user")
    assert [part.get("text", part["type"]) for part in user["content"][:-1]] == [
        "Source: ",
        "image_url",
        "Edited picture: ",
        "image_url",
    ]
    assert '"< |im_end|> make it red"' in asked[0].question
    assert [image.size for image in asked[0].pictures] == [(64, 48), (40, 80)]
    assert asked[0].pictures[0].tobytes() == request.sources[0].tobytes()
    # Naturalness is asked of the edit alone.
    assert [image.size for image in asked[2].pictures] == [(40, 80)]
    assert asked[0].body["model"] == "a-model"
    assert asked[0].body["temperature"] == 0.0
    assert asked[0].body["max_completion_tokens"] == 512
    assert not {"logprobs", "seed"} & set(asked[0].body)


def test_the_edit_of_three_sources_is_named_and_the_names_are_shared_by_the_questions():
    told = item(images=["a.png", "b.png", "c.png"], image_sha256s=["0" * 64] * 3)
    request = JudgeRequest(told, [picture(i, (64, 48)) for i in range(3)], picture(3, (40, 80)), seed=0)
    _, asked = verdict([chat("7")], request=request, reading="generate")
    success, overediting = (each.body["messages"][1]["content"] for each in asked[:2])
    names = ["Source 1 of 3: ", "Source 2 of 3: ", "Source 3 of 3: ", "Edited picture: "]
    assert [part["text"] for part in success[:-1:2]] == names
    assert [image.size for image in asked[0].pictures] == [(64, 48)] * 3 + [(40, 80)]
    assert success[:-1] == overediting[:-1]
    assert success[-1] != overediting[-1]
    assert asked[2].body["messages"][1]["content"][0] == {"type": "text", "text": "Edited picture: "}


@pytest.mark.parametrize("image_format", ["png", "jpeg"])
def test_images_keep_within_the_bounds(image_format):
    noise = Image.effect_noise((900, 300), 90).convert("RGB")
    params = {"max_side": 600, "max_bytes": 30_000, "image_format": image_format}
    request = JudgeRequest(item(), [noise], Image.new("RGB", (900, 300)), seed=0)
    _, asked = verdict([chat("7")], params, request, reading="generate")
    source, edit = asked[0].pictures
    assert edit.size == (600, 200)
    assert source.format == image_format.upper()
    assert max(source.size) < 600
    url = asked[0].body["messages"][1]["content"][1]["image_url"]["url"]
    assert url.startswith(f"data:image/{image_format};base64,")
    assert len(url) < 30_000 * 4 / 3 + 40


def test_expected_reads_the_probabilities_of_the_scale():
    found, asked = verdict([SEVEN])
    assert found.status == "ok"
    assert found.values["success"] == pytest.approx(7.1)
    assert found.replies["success"] == [{"expected": pytest.approx(7.1), "scale_mass": pytest.approx(1.0)}]
    assert asked[0].body["logprobs"] is True
    assert asked[0].body["top_logprobs"] == 20
    assert asked[0].body["max_completion_tokens"] == 2


def test_expected_reads_yes_and_no():
    told = [
        chat("Yes", [{"Yes": 0.6, "No": 0.2, "The": 0.2}]),
        chat("4", [{"4": 1.0}]),
        chat("5", [{"5": 1.0}]),
    ]
    found, _ = verdict(told, rubric="reedit")
    assert found.score == pytest.approx(0.75)
    assert found.replies["reasoning"][0]["scale_mass"] == pytest.approx(0.8)


def test_too_little_mass_on_the_scale_is_no_answer():
    found, _ = verdict([chat("The", [{"The": 0.7, "7": 0.3}])])
    assert found.status == "unparsed"
    assert found.score is None
    assert found.replies["success"][0]["scale_mass"] == pytest.approx(0.3)
    assert "only 0.300 of the probability lies on the scale" in found.error


SPLIT = chat("9", [{"9": 0.6, "1": 0.4}, {"<|im_end|>": 1.0}])


def test_a_one_that_might_begin_a_ten_is_off_the_scale_unless_the_server_can_go_on_with_it():
    found, asked = verdict([SPLIT], rubric="single")
    assert found.values["grade"] == pytest.approx(9.0)
    assert found.replies["grade"][0]["scale_mass"] == pytest.approx(0.6)
    assert len(asked) == 1

    follows = chat("0", [{"0": 0.75, "<|im_end|>": 0.25}])
    found, asked = verdict([SPLIT, follows], {"continue_final_message": True}, rubric="single")
    assert found.values["grade"] == pytest.approx(0.6 * 9 + 0.4 * 0.75 * 10 + 0.4 * 0.25 * 1)
    assert found.replies["grade"][0]["scale_mass"] == pytest.approx(1.0)
    assert (found.requests, found.tokens) == (2, 204)
    assert asked[1].body["messages"][-1] == {"role": "assistant", "content": "1"}
    assert asked[1].body["continue_final_message"] is True
    assert asked[1].body["add_generation_prompt"] is False


def test_a_one_after_which_the_answer_ended_is_a_one_and_no_ten():
    found, _ = verdict([chat("1", [{"1": 0.9, "2": 0.1}])], rubric="single")
    assert found.values["grade"] == pytest.approx(1.1)
    assert found.replies["grade"][0]["scale_mass"] == pytest.approx(1.0)
    found, _ = verdict([chat("10", [{"1": 0.9, "2": 0.1}])], rubric="single")
    assert found.values["grade"] == pytest.approx(9.2)
    # Cut after its first token, it may have been either.
    found, _ = verdict([chat("1", [{"1": 0.9, "2": 0.1}], finish_reason="length")], rubric="single")
    assert found.status == "unparsed"
    assert "what follows 1; set continue_final_message (vLLM, SGLang), or `reading: generate`" in found.error


def test_a_server_that_goes_on_without_telling_probabilities_leaves_the_one_off_the_scale():
    found, _ = verdict([SPLIT, chat("0")], {"continue_final_message": True}, rubric="single")
    assert found.values["grade"] == pytest.approx(9.0)
    assert found.replies["grade"][0]["scale_mass"] == pytest.approx(0.6)


def test_a_server_without_probabilities_is_told_as_that_and_not_asked_on():
    with serving(in_turn(chat("7"))) as server:
        found = judge(server).judge(requests(3))
    assert {v.status for v in found} == {"unparsed"}
    assert all(v.score is None and set(v.values.values()) == {None} for v in found)
    assert NO_LOGPROBS in found[0].error
    assert len(server.asked) == 1
    assert [v.requests for v in found] == [1, None, None]


def test_one_answer_without_probabilities_among_others_is_that_answers_fault():
    found, asked = verdict([SEVEN, chat("7"), SEVEN])
    assert found.status == "unparsed"
    assert [name for name, value in found.values.items() if value is None] == ["overediting"]
    assert len(asked) == 4


PARTS = [
    {"type": "thinking", "thinking": [{"type": "text", "text": "Score: 3?"}]},
    {"type": "reasoning", "text": "Score: 4"},
    {"type": "text", "text": "7"},
]


def told_choice(**choice):
    return Told(body={"choices": [choice]})


@pytest.mark.parametrize(
    "content", [PARTS, PARTS[2:], ["7"], [{"text": {"value": "7"}}], {"type": "text", "text": "7"}]
)
def test_text_in_parts_is_read_without_the_reasoning(content):
    told = told_choice(message={"content": content}, finish_reason="stop")
    found, _ = verdict([told], reading="generate", rubric="single")
    assert (found.status, found.values) == ("ok", {"grade": 7})


def test_an_error_within_200_is_tried_again_and_told_in_the_servers_words():
    raw = {"raw": "Too Many Requests"}
    body = {"choices": None, "error": {"message": "Provider error", "code": 429, "metadata": raw}}
    found, asked = verdict([Told(body=body), chat("7")], reading="generate", rubric="single")
    assert (found.status, found.values, found.requests, len(asked)) == ("ok", {"grade": 7}, 2, 2)
    found, _ = verdict([Told(body=body)], reading="generate", rubric="single")
    assert found.status == "failed"
    assert "200 with error 429: Provider error Too Many Requests" in found.error


class Enforcing:
    """A server that enforces the forms that it knows, answers some questions as told, and refuses a form."""

    def __init__(self, schema=False, choice=False, refuses=(), ignored="Score: 6"):
        self._schema, self._choice, self._refuses, self._ignored = schema, choice, refuses, ignored

    def __call__(self, asked, number):
        body = asked.body
        for name in self._refuses:
            if name in body:
                return error(400, f"Unknown parameter: '{name}'")
        if self._schema and "response_format" in body:
            key = list(body["response_format"]["json_schema"]["schema"]["properties"])[-1]
            return chat(
                f'{{"reason": "3 of 10", "{key}": {"7" if key == "score" else chr(34) + "yes" + chr(34)}}}'
            )
        if self._choice and "guided_choice" in body:
            return chat(body["structured_outputs"]["choice"][-1])
        return chat("Hello!" if body["messages"][-1]["content"] == "Say hello." else self._ignored)


def forms_of(asked):
    return [
        "schema" if "response_format" in a.body else "choice" if "guided_choice" in a.body else "text"
        for a in asked
    ]


def formed(script, count=1, params=None, **given):
    with serving(script) as server:
        found = judge(server, params, reading="generate", **{"rubric": "single", **given}).judge(
            requests(count)
        )
    return found, forms_of(server.asked)


def test_a_server_that_enforces_a_schema_is_asked_for_one_and_the_record_says_so():
    found, forms = formed(Enforcing(schema=True), 2)
    assert forms == ["schema"] * 2
    for given in found:
        assert (given.status, given.values, given.requests) == ("ok", {"grade": 7}, 1)
        assert given.versions["answer_form"] == "json_schema"
        assert given.replies == {"grade": [{"text": '{"reason": "3 of 10", "score": 7}'}]}


def test_yes_and_no_come_in_a_schema_too():
    yes_no = Enforcing(schema=True)
    found, forms = formed(yes_no, rubric="reedit")
    assert found[0].values["reasoning"] == 1
    assert set(forms) == {"schema"}


def test_a_server_that_ignores_a_schema_is_asked_for_text_from_then_on_at_no_cost():
    found, forms = formed(Enforcing(), 3)
    assert forms == ["schema", "text", "text"]
    assert [(given.values["grade"], given.requests) for given in found] == [(6, 1)] * 3
    assert "answer_form" not in found[0].versions


def test_a_server_that_refuses_a_schema_is_probed_for_a_choice_once():
    found, forms = formed(Enforcing(choice=True, refuses=["response_format"]), 2)
    assert forms == ["schema", "choice", "choice", "choice"]
    assert [(given.values["grade"], given.requests) for given in found] == [(10, 3), (10, 1)]
    assert found[1].versions["answer_form"] == "choice"


@pytest.mark.parametrize("refuses", [["response_format"], ["response_format", "guided_choice"]])
def test_a_server_that_knows_no_form_is_asked_for_text(refuses):
    found, forms = formed(Enforcing(refuses=refuses, ignored="6"), 2)
    assert forms[0] == "schema"
    assert forms[2:] == ["text", "text"]
    assert [(given.status, given.values["grade"]) for given in found] == [("ok", 6)] * 2


def test_an_answer_that_leaves_its_form_is_read_as_text():
    told = [chat('{"reason": null, "score": 7}'), chat("Score: 5"), chat('{"reason": "x", "score": 11}')]
    found, forms = formed(in_turn(*told), 3)
    assert forms == ["schema"] * 3
    assert [given.status for given in found] == ["ok", "ok", "unparsed"]
    assert found[1].values == {"grade": 5}


@pytest.mark.parametrize("params", [{"structured": False}, {"extra": {"response_format": {"type": "text"}}}])
def test_a_form_of_ones_own_or_none_is_left_alone(params):
    with serving(in_turn(chat("7"))) as server:
        judge(server, params, reading="generate", rubric="single").judge(requests(1))
    assert server.asked[0].body.get("response_format") == params.get("extra", {}).get("response_format")


def test_a_parameter_that_the_server_refuses_is_asked_of_a_few_items_only():
    fault = error(400, "Unknown parameter: 'temperature'")
    found, forms = formed(in_turn(fault), 30)
    assert {given.status for given in found} == {"failed"}
    assert forms.count("text") == 5
    assert len(forms) <= 15
    assert all("Unknown parameter: 'temperature'" in given.error for given in found)


REFUSALS = {
    "content filter": chat(None, finish_reason="content_filter"),
    "half an answer": chat("Score: 3", finish_reason="content_filter"),
    "refusal": chat(None, refusal="I cannot look at this."),
    "400": error(400, "filtered", "content_filter"),
    "words": chat("I'm sorry, I cannot rate this image."),
    "by its message": error(403, "your input was flagged by our moderation"),
    "another's word": told_choice(message={"content": ""}, finish_reason="SAFETY"),
    "a proxy's word": told_choice(
        message={"content": ""}, finish_reason="stop", native_finish_reason="PROHIBITED_CONTENT"
    ),
    "a part": told_choice(message={"content": [{"type": "refusal", "refusal": "No."}]}),
    "no choice": Told(body={"choices": [], "promptFeedback": {"blockReason": "SAFETY"}}),
    "Azure's filters": Told(
        body={
            "choices": [],
            "prompt_filter_results": [{"content_filter_results": {"hate": {"filtered": True}}}],
        }
    ),
    "within the choice": told_choice(error={"code": 403, "message": "violates our content policy"}),
}


@pytest.mark.parametrize("told", REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_is_a_status_of_its_own_and_never_a_zero(told):
    found, asked = verdict([chat("8"), told, chat("9")], reading="generate")
    assert found.status == "refused"
    assert found.score is None
    assert found.values == {"success": 8, "overediting": None, "naturalness": 9, "artefacts": 9}
    assert found.error.startswith("overediting: ")
    assert found.requests == len(asked) == 4


@pytest.mark.parametrize("told", [REFUSALS["content filter"], REFUSALS["refusal"], REFUSALS["400"]])
def test_a_refusal_is_one_in_the_expected_reading_too(told):
    found, _ = verdict([told], rubric="single")
    assert (found.status, found.values, found.score) == ("refused", {"grade": None}, None)


def test_faults_are_tried_again_and_all_requests_counted():
    slow_down = error(429, "slow down", headers={"Retry-After": "0.01"})
    told = [slow_down, error(500, "oops"), chat("8"), Told(body=chat("3").body, cut=True), chat("9")]
    found, asked = verdict(told, reading="generate")
    assert found.status == "ok"
    assert found.requests == len(asked) == 7
    assert found.values["success"] == 8


def test_an_edit_that_gets_no_answer_is_failed_with_what_it_cost_and_asks_no_more():
    found, asked = verdict([chat("8"), error(500, "oops")], reading="generate")
    assert found.status == "failed"
    assert found.score is None
    assert found.values == {}
    assert found.error == "EndpointError: overediting: the server answered 500: oops"
    assert found.requests == len(asked) == 4
    assert found.tokens == 102


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"choices": []},
        {"choices": None},
        {"choices": [None]},
        {"choices": {"0": 1}},
    ],
)
def test_an_answer_without_a_choice_is_a_failure(body):
    found, _ = verdict([Told(body=body)], reading="generate")
    assert found.status == "failed"
    assert "holds no choice" in found.error


@pytest.mark.parametrize(
    "message", [None, [], {}, {"content": None}, {"content": 7}, {"content": [{"type": "text"}]}]
)
@pytest.mark.parametrize("reading", ["expected", "generate"])
def test_a_choice_without_text_is_unparsed(message, reading):
    found, _ = verdict([Told(body={"choices": [{"message": message}]})], reading=reading)
    assert found.status == "unparsed"
    assert found.score is None
    assert found.tokens is None


def test_a_text_that_was_cut_off_says_so():
    found, _ = verdict([chat("Let me look at the", finish_reason="length")], reading="generate")
    assert "cut off at its longest (max_tokens)" in found.error
    found, _ = verdict([chat("Score: 1", finish_reason="length")], reading="generate")
    assert (found.status, found.score) == ("unparsed", None)
    whole = chat('{"score": 8}', finish_reason="length")
    assert verdict([whole], reading="generate")[0].status == "ok"


def test_samples_are_drawn_with_seeds_of_their_own_and_all_are_kept():
    told = [chat("6"), chat("8"), chat("10")]
    found, asked = verdict(told, reading="generate", rubric="single", samples=3)
    assert found.values == {"grade": 8}
    assert found.spread == {"grade": 2}
    assert found.replies == {"grade": [{"text": "6"}, {"text": "8"}, {"text": "10"}]}
    assert {a.body["temperature"] for a in asked} == {0.7}
    seeds = [a.body["seed"] for a in asked]
    assert len(set(seeds)) == 3
    again, asked_again = verdict(told, reading="generate", rubric="single", samples=3)
    assert [a.body["seed"] for a in asked_again] == seeds
    assert again == found


def test_a_server_that_counts_no_tokens_leaves_them_unknown():
    found, _ = verdict([chat("7", usage=False)], reading="generate")
    assert (found.status, found.tokens, found.requests) == ("ok", None, 4)


def test_fields_of_ones_own_come_before_those_that_are_sent():
    extra = {"temperature": None, "max_completion_tokens": 9000, "reasoning_effort": "low"}
    _, asked = verdict([chat("7")], {"extra": extra}, reading="generate")
    assert "temperature" not in asked[0].body
    assert asked[0].body["max_completion_tokens"] == 9000
    assert asked[0].body["reasoning_effort"] == "low"


@pytest.mark.parametrize(
    ("params", "options"),
    [
        ({}, None),
        ({"thinking": "on"}, {"enable_thinking": True}),
        ({"thinking": False}, {"enable_thinking": False}),
        (
            {"thinking": "off", "extra": {"chat_template_kwargs": {"tone": "dry"}}},
            {"enable_thinking": False, "tone": "dry"},
        ),
    ],
)
def test_a_server_is_told_whether_its_model_is_to_think(params, options):
    found, asked = verdict([chat("<think>Score: 3</think>\n7")], params, reading="generate")
    assert found.status == "ok"
    assert all(each.body.get("chat_template_kwargs") == options for each in asked)
    assert asked[0].body["max_completion_tokens"] == (2048 if params.get("thinking") == "on" else 512)


def test_a_model_that_thinks_answers_in_writing():
    params = OpenAICompatibleParams(base_url="http://127.0.0.1:1", thinking="on")
    with pytest.raises(ConfigError, match=r"allowed: `reading: generate`, or `thinking: off`"):
        OpenAICompatible("a-model", params, "endpoint", settings(reading="expected"))


def test_an_image_is_encoded_once_for_all_questions(monkeypatch):
    encoded = []
    save = Image.Image.save
    monkeypatch.setattr(
        Image.Image,
        "save",
        lambda self, target, *a, **k: (
            encoded.append(1) if isinstance(target, io.BytesIO) else None,
            save(self, target, *a, **k),
        ),
    )
    verdict([chat("7")], reading="generate")
    assert len(encoded) == 2


def test_the_key_is_in_no_verdict():
    for told in ([chat(f"7 {KEY}")], [error(400, KEY)], [chat(None, refusal=KEY)]):
        found, _ = verdict(told, reading="generate")
        assert KEY not in str(found)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"max_side": 8}, "max_side': 8 is out of range; allowed: a whole number of 32 or more"),
        ({"image_format": "gif"}, "'gif' is not known; allowed: png, jpeg"),
        ({"temperature": 0}, "temperature': 0 is out of range; allowed: a number above 0"),
        ({"top_logprobs": 21}, "from 1 to 20"),
        ({"logprobs": 5}, "did you mean 'top_logprobs'"),
        ({"concurrency": 0}, "concurrency': 0 .* 1 or more"),
        ({"thinking": "maybe"}, "allowed: on, off, null"),
        ({"thinking": "on", "extra": {"chat_template_kwargs": None}}, "has to be a mapping"),
        ({"thinking": "on", "extra": {"chat_template_kwargs": {"enable_thinking": 0}}}, "are one setting"),
    ],
)
def test_wrong_params_are_one_line(params, message):
    with pytest.raises(ConfigError, match=message):
        read_params(OpenAICompatibleParams, params, "judges.x.params")
