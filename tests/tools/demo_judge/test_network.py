"""Training computes the same network in another form: what it is told must be what the product reads."""

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
        # So that what is seen and asked shows in the answers of an untrained network.
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
    from tools.demo_judge.examine import load_judge
    from tools.demo_judge.export import export
    from tools.demo_judge.losses import build_heads, losses
    from tools.demo_judge.samples import Sampler, as_seen

    network, prompts = parts
    samples = [as_seen(Sampler([], seed).draw()) for seed in range(6)]
    batch = make_batch(samples, prompts, Random(0))
    with torch.no_grad():
        values = losses(network, build_heads(192), batch, prompts)["values"][:, 0].tolist()
    export(network, prompts.tokenizer, tmp_path)
    judge = load_judge(tmp_path)
    told = []
    for sample in samples:
        for question in sample.questions:
            item = Item("i", "c", ["s.png"], ["0" * 64], question.text)
            (verdict,) = judge.judge([JudgeRequest(item, [sample.source], sample.made.image, 0)])
            values_told = [reply["expected"] for replies in verdict.replies.values() for reply in replies]
            told.append(values_told)
    pairs = [value for row in told for value in row[:2]]
    assert values[: len(pairs)] == pytest.approx(pairs, abs=0.02), "half precision costs that much"
    singles = [value for row in told[::4] for value in row[2:]]
    assert values[len(pairs) :] == pytest.approx(singles, abs=0.02)
    assert max(pairs) - min(pairs) > 0.2, "a constant would prove nothing"
