"""What the demo judge is trained to say, and the heads that help it to see and are thrown away."""

from typing import Any

from tools.demo_judge.batches import Batch, Sequences
from tools.demo_judge.edits import FLAWS, KINDS
from tools.demo_judge.matching import LOOKS, MAPS
from tools.demo_judge.network import hidden_after
from tools.demo_judge.prompts import Prompts
from tools.demo_judge.wordings import NAMES

# Layers of the language model behind which the heads read.
MATCHED, COMPARED, SEEN, JUDGED = 1, 2, 3, 4
# Which attention head of that layer is to look where each of `MAPS` says; two of them share their keys.
LOOKING = (0, 2, 4, 6, 1)


def build_heads(width: int) -> Any:
    """Return what reads off hidden states what a judge must see: the same place, what differs, what was done.

    Args:
        width: of the hidden states.
    """
    from torch import nn

    return nn.ModuleDict(
        {
            "colours": nn.Linear(width, 12 * len(MAPS)),
            "looks": nn.Linear(width, 2 * LOOKS),
            "seen_looks": nn.Linear(width, LOOKS),
            "differences": nn.Linear(width, len(MAPS)),
            "applied": _head(width, len(NAMES)),
            "kinds": _head(width, len(KINDS)),
            "flaws": _head(width, len(FLAWS)),
            "flaws_alone": _head(width, len(FLAWS)),
            # One reading for what was asked for and for what was done: so the two can be matched.
            "operations": nn.Sequential(nn.LayerNorm(width), nn.Linear(width, len(NAMES))),
            "judged": _head(width, 2),
        }
    )


def _head(width: int, outputs: int) -> Any:
    from torch import nn

    return nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width), nn.GELU(), nn.Linear(width, outputs))


def losses(network: Any, heads: Any, batch: Batch, prompts: Prompts) -> dict[str, Any]:
    """Return the parts of the loss, weighted, and what was expected against the marks.

    Returns:
        ``said``: of the answers' tokens; ``expected``: of the expected marks; ``seen``: of the heads; and
        ``values`` (M, 2): expected mark and true mark, the pairs' answers first.
    """
    import torch
    from torch.nn import functional

    kept, hooks = hidden_after(network, (MATCHED, COMPARED, SEEN, JUDGED))
    try:
        images = _see(network, batch)
        said = [
            _read(network, images, sequences, kept, prompts) for sequences in (batch.pairs, batch.singles)
        ]
    finally:
        for hook in hooks:
            hook.remove()
    pairs, singles = said
    seen = _seen(heads, batch, pairs["kept"], singles["kept"])
    seen["places"] = 0.3 * _places(network, batch, pairs["kept"][0])
    edits = torch.cat(images[2][len(batch.facts["kinds"]) :])
    looks = heads["seen_looks"](images[0].index_select(0, edits))
    seen["seen_looks"] = 0.5 * functional.mse_loss(looks, batch.facts["looks"][:, LOOKS:])
    values = torch.cat([pairs["values"], singles["values"]])
    # On the same pair of images only the instruction can make a difference.
    one, other = pairs["values"].view(-1, 2, 2, 2).unbind(1)
    difference = functional.smooth_l1_loss(one[..., 0] - other[..., 0], one[..., 1] - other[..., 1], beta=2.0)
    return {
        "said": pairs["said"] + 0.5 * singles["said"],
        "expected": (pairs["expected"] + 0.5 * singles["expected"] + difference) * 0.1,
        "seen": sum(seen.values()),
        "values": values.detach(),
        "parts": {name: float(value.detach()) for name, value in seen.items()},
    }


def _see(network: Any, batch: Batch) -> tuple[Any, list[Any], list[Any]]:
    """Run the vision tower once; return all cells, those of each deepstack layer, and whose is which."""
    import torch

    output = network.model.visual(batch.patches, batch.grids)
    counts = batch.grids.prod(1) // network.config.vision_config.spatial_merge_size**2
    places = list(torch.arange(int(counts.sum())).split(counts.tolist()))
    return output.pooler_output.float(), [part.float() for part in output.deepstack_features], places


def _read(
    network: Any,
    images: tuple[Any, list[Any], list[Any]],
    sequences: Sequences,
    kept: dict[int, Any],
    prompts: Prompts,
) -> dict[str, Any]:
    """Run the language model over sequences; return the losses of what it says, and hidden states."""
    import torch
    from torch.nn import functional

    model = network.model.language_model
    places = sequences.tokens == prompts.image
    embedded = model.embed_tokens(sequences.tokens).float().clone()
    cells, deepstack, whose = images
    shown = torch.cat([whose[number] for number in sequences.images])
    embedded[places] = cells.index_select(0, shown)
    output = model(
        inputs_embeds=embedded,
        attention_mask=sequences.mask,
        position_ids=sequences.positions,
        visual_pos_masks=places,
        deepstack_visual_embeds=[part.index_select(0, shown) for part in deepstack],
        use_cache=False,
    ).last_hidden_state
    row, column, mark, one = sequences.marks.unbind(1)
    digits = torch.tensor(prompts.digits)
    head = network.lm_head
    first = head(output[row, column]).float()
    second = head(output[row, one]).float()
    end = head(output[tuple(sequences.ends.T)]).float()
    said = functional.cross_entropy(first, digits[torch.where(mark == 10, 1, mark)])
    ten_or_one = (mark == 10) | (mark == 1)
    follows = torch.where(mark == 10, digits[0], prompts.end)[ten_or_one]
    if follows.numel():
        said = said + 0.3 * functional.cross_entropy(second[ten_or_one], follows)
    said = said + 0.1 * functional.cross_entropy(end, torch.full_like(end[:, 0].long(), prompts.end))
    chances = first.softmax(-1)[:, digits]
    ten = second.softmax(-1)[:, digits[0]]
    numbers = torch.arange(10.0)
    value = ((chances * numbers).sum(1) + 9.0 * chances[:, 1] * ten) / chances.sum(1).clamp(min=1e-6)
    expected = functional.smooth_l1_loss(value, mark.float(), beta=2.0)
    values = torch.stack([value, mark.float()], 1)
    return {"said": said, "expected": expected, "values": values, "kept": (dict(kept), sequences)}


def _seen(
    heads: Any,
    batch: Batch,
    pairs: tuple[dict[int, Any], Sequences],
    singles: tuple[dict[int, Any], Sequences],
) -> dict[str, Any]:
    import torch
    from torch.nn import functional

    hidden, sequences = pairs
    facts = batch.facts
    places = list(enumerate(sequences.edits.tolist()))
    cells, compared = (
        torch.cat([hidden[layer][row, first:end] for row, (first, end) in places]).float()
        for layer in (MATCHED, COMPARED)
    )
    behind = _behind(hidden[SEEN], sequences)
    alone = heads["flaws_alone"](_behind(singles[0][SEEN], singles[1]))
    row, column, asked, *marks = sequences.asked.unbind(1)
    known = torch.isin(facts["kinds"], torch.tensor([KINDS.index(k) for k in ("right", "half", "too_much")]))
    known |= facts["kinds"] == KINDS.index("absent")
    applied = sum(
        functional.binary_cross_entropy_with_logits(heads[name](behind), facts["applied"], reduction="none")
        for name in ("applied", "operations")
    ).mean(1)
    told = hidden[SEEN][row, column].float()
    judged = heads["judged"](hidden[JUDGED][row, column].float())
    return {
        "colours": functional.mse_loss(heads["colours"](cells), facts["colours"]),
        "looks": 0.5 * functional.mse_loss(heads["looks"](cells), facts["looks"]),
        "differences": 2.0 * functional.mse_loss(heads["differences"](compared), facts["differences"]),
        "applied": 2.0 * (applied * torch.where(known, 1.0, 0.5)).mean(),
        "kinds": 0.3 * functional.cross_entropy(heads["kinds"](behind), facts["kinds"]),
        "flaws": functional.mse_loss(heads["flaws"](behind), facts["flaws"])
        + functional.mse_loss(alone, facts["flaws"][::2]),
        "asked": 0.2 * functional.cross_entropy(heads["operations"](told), asked),
        "judged": 2.0 * functional.mse_loss(judged, torch.stack(marks, 1) / 10.0),
    }


def _places(network: Any, batch: Batch, kept: dict[Any, Any]) -> Any:
    """How far some heads of the matching layer are from looking at the right cells of the source."""
    import torch
    from transformers.models.qwen3_vl.modeling_qwen3_vl import apply_rotary_pos_emb

    layer = network.model.language_model.layers[MATCHED]
    attention = layer.self_attn
    hidden, (cos, sin) = kept["before"]
    sequences = batch.pairs
    end = int(sequences.edits[:, 1].max())
    states = layer.input_layernorm(hidden[:, :end])
    shape = (*states.shape[:2], -1, attention.head_dim)
    query = attention.q_norm(attention.q_proj(states).view(shape)).transpose(1, 2)
    key = attention.k_norm(attention.k_proj(states).view(shape)).transpose(1, 2)
    query, key = apply_rotary_pos_emb(query, key, cos[:, :end], sin[:, :end])
    key = key.repeat_interleave(query.shape[1] // key.shape[1], 1)
    looking = list(LOOKING)
    scores = (query[:, looking] @ key[:, looking].transpose(2, 3)).float() * attention.scaling
    scores = scores + sequences.mask[:, :, :end, :end]
    chances = scores.log_softmax(-1)
    losses = []
    for row, target in enumerate(batch.facts["places"]):
        first, behind = sequences.edits[row].tolist()
        there = chances[row, :, first:behind, sequences.sources : sequences.sources + target.shape[2]]
        losses.append(-(target * there).sum(-1).mean())
    return torch.stack(losses).mean()


def _behind(hidden: Any, sequences: Sequences) -> Any:
    """The hidden state of the token behind the edit's last cell."""
    import torch

    return hidden[torch.arange(len(hidden)), sequences.edits[:, 1]].float()
