"""The training's forward pass must give the marks that the product's class reads from the same weights."""

from random import Random

import pytest

torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def parts():
    from tools.demo_judge.network import build_network, make_fast
    from tools.demo_judge.prompts import Prompts, build_judge_tokenizer

    torch.set_num_threads(1)
    torch.manual_seed(0)
    prompts = Prompts(build_judge_tokenizer())
    network = build_network(prompts.tokenizer)
    with torch.no_grad():
        # Larger weights, so that images and questions change the answers of an untrained network.
        for parameter in network.parameters():
            if parameter.ndim > 1:
                parameter.mul_(2.5)
        for digit in prompts.digits:
            network.lm_head.weight[digit] *= 2.0
    make_fast(network)
    return network, prompts


def test_the_forward_pass_of_training_gives_the_products_expected_marks(parts, tmp_path):
    from snakedit.core.records import Item
    from snakedit.judges.judge import JudgeRequest
    from tools.demo_judge.batches import make_batch
    from tools.demo_judge.examination import load_judge
    from tools.demo_judge.examples import ExampleSampler, as_seen
    from tools.demo_judge.export import export
    from tools.demo_judge.losses import build_heads, losses

    network, prompts = parts
    examples = [as_seen(ExampleSampler([], seed).draw()) for seed in range(6)]
    batch = make_batch(examples, prompts, Random(0))
    with torch.no_grad():
        values = losses(network, build_heads(192), batch, prompts)["values"][:, 0].tolist()
    export(network, prompts.tokenizer, tmp_path)
    judge = load_judge(tmp_path)
    expected = []
    for example in examples:
        for instruction in example.instructions:
            item = Item("i", "c", ["s.png"], ["0" * 64], instruction.text)
            (verdict,) = judge.judge([JudgeRequest(item, [example.source], example.edit.image, 0)])
            expected.append([reply["expected"] for replies in verdict.replies.values() for reply in replies])
    pairs = [value for row in expected for value in row[:2]]
    assert values[: len(pairs)] == pytest.approx(pairs, abs=0.02), "half precision costs that much"
    singles = [value for row in expected[::4] for value in row[2:]]
    assert values[len(pairs) :] == pytest.approx(singles, abs=0.02)
    assert max(pairs) - min(pairs) > 0.2, "a constant would prove nothing"
