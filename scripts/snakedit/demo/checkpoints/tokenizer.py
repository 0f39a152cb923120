"""A small byte-level BPE tokenizer in Qwen's format, trained on the spot: it can spell any text."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

SPECIAL_TOKENS = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|object_ref_start|>",
    "<|object_ref_end|>",
    "<|box_start|>",
    "<|box_end|>",
    "<|quad_start|>",
    "<|quad_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|vision_pad|>",
    "<|image_pad|>",
    "<|video_pad|>",
)

CHAT_TEMPLATE = """\
{%- for message in messages -%}
{{- '<|im_start|>' + message.role + '\\n' -}}
{%- if message.content is string -%}
{{- message.content -}}
{%- else -%}
{%- for part in message.content -%}
{%- if part.type == 'image' or 'image' in part -%}
{{- '<|vision_start|><|image_pad|><|vision_end|>' -}}
{%- elif 'text' in part -%}
{{- part.text -}}
{%- endif -%}
{%- endfor -%}
{%- endif -%}
{{- '<|im_end|>\\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}
{{- '<|im_start|>assistant\\n' -}}
{%- endif -%}
"""

_SENTENCES = (
    "Turn the photo black and white. Make the colours warmer. Flip it from left to right.",
    "Describe the image, then change what the instruction asks for and keep everything else.",
    "Rate the edited image against the source image on a scale from 0 to 10.",
    "Answer with one number. Score: 0 1 2 3 4 5 6 7 8 9 10. Answer yes or no.",
    "system user assistant",
)
# Qwen's own vocabulary has these as single tokens, and the yes/no reading counts on it.
_WHOLE_WORDS = ("yes", "no", "Yes", "No")


def build_tokenizer(vocabulary_size: int = 512, texts: Sequence[str] = ()) -> Any:
    """Return a `Qwen2Tokenizer` with Qwen's special tokens, its splitting of text, and a chat template.

    Each decimal digit is one token and 10 is two, as in Qwen's vocabulary.

    Args:
        vocabulary_size: without the special tokens.
        texts: learnt from beside a few sentences of its own.
    """
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
    from transformers import Qwen2Tokenizer
    from transformers.models.qwen2.tokenization_qwen2 import PRETOKENIZE_REGEX

    trained = Tokenizer(models.BPE())
    trained.normalizer = normalizers.NFC()
    trained.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PRETOKENIZE_REGEX), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary_size,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    trained.train_from_iterator([*_SENTENCES, *texts, *_WHOLE_WORDS * 50], trainer)
    model = json.loads(trained.to_str())["model"]
    tokenizer = Qwen2Tokenizer(
        vocab=model["vocab"],
        merges=[tuple(merge) for merge in model["merges"]],
        extra_special_tokens=[token for token in SPECIAL_TOKENS if token != "<|endoftext|>"],
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        padding_side="left",
        model_max_length=8192,
    )
    tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer


def token_ids(tokenizer: Any) -> dict[str, int]:
    """Return the ids that a Qwen vision-language configuration names."""
    names = {
        "image_token_id": "<|image_pad|>",
        "video_token_id": "<|video_pad|>",
        "vision_start_token_id": "<|vision_start|>",
        "vision_end_token_id": "<|vision_end|>",
    }
    return {name: tokenizer.convert_tokens_to_ids(token) for name, token in names.items()}


def save_processor(processor: Any, folder: Path, video_class: str, patch_size: int) -> None:
    """Save an image-only processor so that `AutoProcessor` can load it too, where torchvision is.

    Args:
        processor: made by `snakedit.models.processors.image_only`.
        folder: where to; made.
        video_class: the video processor that the family's real checkpoints name.
        patch_size: of the vision tower, in pixels.
    """
    processor.save_pretrained(folder)
    path = folder / "processor_config.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["video_processor"] = {
        "video_processor_type": video_class,
        "patch_size": patch_size,
        "merge_size": 2,
        "temporal_patch_size": 2,
        "size": {"shortest_edge": 4096, "longest_edge": 786432},
    }
    path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")
