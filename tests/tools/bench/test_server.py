"""The bench of served models: its ideal, and its server."""

import json
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from tools.bench.bounded_server import ANSWER, EDIT
from tools.bench.server import ANSWER_SLOTS, EDIT_SLOTS, overlapped, serving


def test_the_ideal_is_the_edits_and_the_judgement_of_the_last():
    edits = [(EDIT, 0.0, 0.0, 3.0)] * (2 * EDIT_SLOTS)
    answers = [(ANSWER, 0.0, 0.0, 1.0)] * (4 * EDIT_SLOTS)
    # Twelve answers for the edits of the second round, eight at a time.
    assert overlapped([*edits, *answers]) == 3 + 3 + 2
    assert overlapped(edits) == 6


def test_answers_take_their_time_and_wait_for_a_slot():
    settings = {
        "edit_slots": 1,
        "answer_slots": ANSWER_SLOTS,
        "edit_seconds": 0.05,
        "answer_seconds": 0.0,
        "sigma": 0.0,
        "side": 16,
    }
    with serving(settings) as address:

        def post(path: str) -> dict[str, object]:
            request = urllib.request.Request(f"{address}/v1/{path}", data=b"{}", method="POST")
            with urllib.request.urlopen(request) as answer:
                content: dict[str, object] = json.load(answer)
                return content

        began = time.monotonic()
        with ThreadPoolExecutor(3) as threads:
            edits = list(threads.map(post, ["images/edits"] * 3))
        assert time.monotonic() - began >= 0.15
        assert all("data" in edit for edit in edits)
        assert "choices" in post("chat/completions")
        with urllib.request.urlopen(f"{address}/times") as answer:
            kinds = [kind for kind, *_ in json.load(answer)["times"]]
    assert kinds == [EDIT] * 3 + [ANSWER]
