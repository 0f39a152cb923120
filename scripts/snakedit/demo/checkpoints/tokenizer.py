"""A small byte-level BPE tokenizer in Qwen's format, trained when it is built; it can spell any text."""

import json
from collections.abc import Sequence
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

_CORPUS = (
    "Turn the photo black and white. Make the colours warmer. Flip it from left to right.",
    "Describe the image, then change what the instruction asks for and keep everything else.",
    "Rate the edited image against the source image on a scale from 0 to 10.",
    "Answer with one number. Score: 0 1 2 3 4 5 6 7 8 9 10. Answer yes or no.",
    "system user assistant",
)
# Single tokens in Qwen's own vocabulary, which the yes/no reading relies on.
_SINGLE_TOKEN_WORDS = ("yes", "no", "Yes", "No")


def build_tokenizer(vocabulary_size: int = 512, texts: Sequence[str] = ()) -> Any:
    """Return a `Qwen2Tokenizer` with Qwen's special tokens, its splitting of text, and a chat template.

    Each decimal digit is one token and 10 is two, as in Qwen's vocabulary.

    Args:
        vocabulary_size: number of tokens without the special ones.
        texts: training texts, added to a few sentences of its own.
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
    trained.train_from_iterator([*_CORPUS, *texts, *_SINGLE_TOKEN_WORDS * 50], trainer)
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
