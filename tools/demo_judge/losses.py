"""The demo judge's training losses, and the auxiliary heads that help it to see and are not shipped."""

from typing import Any

from tools.demo_judge.batches import Batch, Sequences
from tools.demo_judge.edits import FLAWS, KINDS, NAMES
from tools.demo_judge.matching import MAPS, ROUGHNESS_VALUES
from tools.demo_judge.network import record_hidden_states
from tools.demo_judge.prompts import Prompts

# Layers of the language model whose outputs the heads read, by the heads' purpose.
MATCH_LAYER, COMPARE_LAYER, EDIT_LAYER, JUDGE_LAYER = 1, 2, 3, 4
# The attention head of `MATCH_LAYER` that is trained on each of `MAPS`; two of them share their keys.
MATCHING_HEADS = (0, 2, 4, 6, 1)


def build_heads(width: int) -> Any:
    """Return heads that read what a judge must see: the matching place, the differences, the operation.

    Args:
        width: of the hidden states.
    """
    from torch import nn

    return nn.ModuleDict(
        {
            "colours": nn.Linear(width, 12 * len(MAPS)),
            "roughness": nn.Linear(width, 2 * ROUGHNESS_VALUES),
            "vision_roughness": nn.Linear(width, ROUGHNESS_VALUES),
            "differences": nn.Linear(width, len(MAPS)),
            "applied": _head(width, len(NAMES)),
            "kinds": _head(width, len(KINDS)),
            "flaws": _head(width, len(FLAWS)),
            "flaws_alone": _head(width, len(FLAWS)),
            # One reading of requested and of applied operations, so that the two can be matched.
            "operations": nn.Sequential(nn.LayerNorm(width), nn.Linear(width, len(NAMES))),
            "marks": _head(width, 2),
        }
    )


def _head(width: int, outputs: int) -> Any:
    from torch import nn

    return nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width), nn.GELU(), nn.Linear(width, outputs))


def losses(network: Any, heads: Any, batch: Batch, prompts: Prompts) -> dict[str, Any]:
    """Return the weighted parts of the loss, and the expected marks beside the true ones.

    Returns:
        ``tokens``: loss of the answers' tokens; ``expected``: of the expected marks; ``heads``: of the
        auxiliary heads, whose parts are in ``parts``; and ``values`` (M, 2): expected mark and true mark,
        the pairs' answers first.
    """
    import torch
    from torch.nn import functional

    states, hooks = record_hidden_states(network, (MATCH_LAYER, COMPARE_LAYER, EDIT_LAYER, JUDGE_LAYER))
    try:
        images = _encode_images(network, batch)
        pairs, singles = (
            _read_answers(network, images, sequences, states, prompts)
            for sequences in (batch.pairs, batch.singles)
        )
    finally:
        for hook in hooks:
            hook.remove()
    parts = _head_losses(heads, batch, pairs["states"], singles["states"])
    parts["places"] = 0.3 * _place_loss(network, batch, pairs["states"])
    edit_cells = torch.cat(images[2][len(batch.facts["kinds"]) :])
    roughness = heads["vision_roughness"](images[0].index_select(0, edit_cells))
    target = batch.facts["roughness"][:, ROUGHNESS_VALUES:]
    parts["vision_roughness"] = 0.5 * functional.mse_loss(roughness, target)
    # The two questions on one pair of images differ in the instruction alone; so must the marks.
    first, second = pairs["values"].view(-1, 2, 2, 2).unbind(1)
    contrast = functional.smooth_l1_loss(
        first[..., 0] - second[..., 0], first[..., 1] - second[..., 1], beta=2.0
    )
    return {
        "tokens": pairs["tokens"] + 0.5 * singles["tokens"],
        "expected": (pairs["expected"] + 0.5 * singles["expected"] + contrast) * 0.1,
        "heads": sum(parts.values()),
        "values": torch.cat([pairs["values"], singles["values"]]).detach(),
        "parts": {name: float(value.detach()) for name, value in parts.items()},
    }


def _encode_images(network: Any, batch: Batch) -> tuple[Any, list[Any], list[Any]]:
    """Run the vision tower once; return all cells, each deepstack layer's, and each image's cell numbers."""
    import torch

    output = network.model.visual(batch.patches, batch.grids)
    counts = batch.grids.prod(1) // network.config.vision_config.spatial_merge_size**2
    numbers = list(torch.arange(int(counts.sum())).split(counts.tolist()))
    return output.pooler_output.float(), [part.float() for part in output.deepstack_features], numbers


def _read_answers(
    network: Any,
    images: tuple[Any, list[Any], list[Any]],
    sequences: Sequences,
    states: dict[Any, Any],
    prompts: Prompts,
) -> dict[str, Any]:
    """Run the language model over sequences; return the losses of its answers, and the hidden states."""
    import torch
    from torch.nn import functional

    model = network.model.language_model
    is_image = sequences.tokens == prompts.image
    embedded = model.embed_tokens(sequences.tokens).float().clone()
    cells, deepstack, numbers = images
    shown = torch.cat([numbers[image] for image in sequences.images])
    embedded[is_image] = cells.index_select(0, shown)
    output = model(
        inputs_embeds=embedded,
        attention_mask=sequences.mask,
        position_ids=sequences.positions,
        visual_pos_masks=is_image,
        deepstack_visual_embeds=[part.index_select(0, shown) for part in deepstack],
        use_cache=False,
    ).last_hidden_state
    row, column, mark, one = sequences.marks.unbind(1)
    digits = torch.tensor(prompts.digits)
    head = network.lm_head
    first = head(output[row, column]).float()
    second = head(output[row, one]).float()
    end = head(output[tuple(sequences.ends.T)]).float()
    token_loss = functional.cross_entropy(first, digits[torch.where(mark == 10, 1, mark)])
    begins_with_one = (mark == 10) | (mark == 1)
    follower = torch.where(mark == 10, digits[0], prompts.end)[begins_with_one]
    if follower.numel():
        token_loss = token_loss + 0.3 * functional.cross_entropy(second[begins_with_one], follower)
    ends = torch.full_like(end[:, 0].long(), prompts.end)
    token_loss = token_loss + 0.1 * functional.cross_entropy(end, ends)
    # The same formula as snakedit.judges.reading.expected, differentiable.
    probabilities = first.softmax(-1)[:, digits]
    ten = second.softmax(-1)[:, digits[0]]
    weighted = (probabilities * torch.arange(10.0)).sum(1) + 9.0 * probabilities[:, 1] * ten
    value = weighted / probabilities.sum(1).clamp(min=1e-6)
    return {
        "tokens": token_loss,
        "expected": functional.smooth_l1_loss(value, mark.float(), beta=2.0),
        "values": torch.stack([value, mark.float()], 1),
        "states": dict(states),
    }


def _head_losses(
    heads: Any, batch: Batch, pair_states: dict[Any, Any], single_states: dict[Any, Any]
) -> dict[str, Any]:
    import torch
    from torch.nn import functional

    facts = batch.facts
    spans = list(enumerate(batch.pairs.edits.tolist()))
    matched, compared = (
        torch.cat([pair_states[layer][row, first:end] for row, (first, end) in spans]).float()
        for layer in (MATCH_LAYER, COMPARE_LAYER)
    )
    after_edit = _state_after_edit(pair_states[EDIT_LAYER], batch.pairs)
    alone = heads["flaws_alone"](_state_after_edit(single_states[EDIT_LAYER], batch.singles))
    row, column, operation, *marks = batch.pairs.requested.unbind(1)
    visible_kinds = [KINDS.index(kind) for kind in ("right", "half", "too_much", "absent")]
    is_visible = torch.isin(facts["kinds"], torch.tensor(visible_kinds))
    applied = sum(
        functional.binary_cross_entropy_with_logits(
            heads[name](after_edit), facts["applied"], reduction="none"
        )
        for name in ("applied", "operations")
    ).mean(1)
    requested = heads["operations"](pair_states[EDIT_LAYER][row, column].float())
    judged = heads["marks"](pair_states[JUDGE_LAYER][row, column].float())
    return {
        "colours": functional.mse_loss(heads["colours"](matched), facts["colours"]),
        "roughness": 0.5 * functional.mse_loss(heads["roughness"](matched), facts["roughness"]),
        "differences": 2.0 * functional.mse_loss(heads["differences"](compared), facts["differences"]),
        "applied": 2.0 * (applied * torch.where(is_visible, 1.0, 0.5)).mean(),
        "kinds": 0.3 * functional.cross_entropy(heads["kinds"](after_edit), facts["kinds"]),
        "flaws": functional.mse_loss(heads["flaws"](after_edit), facts["flaws"])
        + functional.mse_loss(alone, facts["flaws"][::2]),
        "requested": 0.2 * functional.cross_entropy(requested, operation),
        "marks": 2.0 * functional.mse_loss(judged, torch.stack(marks, 1) / 10.0),
    }


def _place_loss(network: Any, batch: Batch, states: dict[Any, Any]) -> Any:
    """Return how far `MATCHING_HEADS` are from attending to the matching cells of the source."""
    import torch
    from transformers.models.qwen3_vl.modeling_qwen3_vl import apply_rotary_pos_emb

    layer = network.model.language_model.layers[MATCH_LAYER]
    attention = layer.self_attn
    hidden, (cos, sin) = states["before"]
    sequences = batch.pairs
    end = int(sequences.edits[:, 1].max())
    inputs = layer.input_layernorm(hidden[:, :end])
    shape = (*inputs.shape[:2], -1, attention.head_dim)
    query = attention.q_norm(attention.q_proj(inputs).view(shape)).transpose(1, 2)
    key = attention.k_norm(attention.k_proj(inputs).view(shape)).transpose(1, 2)
    query, key = apply_rotary_pos_emb(query, key, cos[:, :end], sin[:, :end])
    key = key.repeat_interleave(query.shape[1] // key.shape[1], 1)
    trained = list(MATCHING_HEADS)
    scores = (query[:, trained] @ key[:, trained].transpose(2, 3)).float() * attention.scaling
    scores = scores + sequences.mask[:, :, :end, :end]
    log_probabilities = scores.log_softmax(-1)
    row_losses = []
    for row, target in enumerate(batch.facts["places"]):
        first, edit_end = sequences.edits[row].tolist()
        source = slice(sequences.source_column, sequences.source_column + target.shape[2])
        row_losses.append(-(target * log_probabilities[row, :, first:edit_end, source]).sum(-1).mean())
    return torch.stack(row_losses).mean()


def _state_after_edit(hidden: Any, sequences: Sequences) -> Any:
    """Return the hidden state of the token after the edit's last cell."""
    import torch

    return hidden[torch.arange(len(hidden)), sequences.edits[:, 1]].float()
