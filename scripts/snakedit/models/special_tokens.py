"""Texts of strangers, made safe for models whose tokenizers know special tokens."""


def safe_text(text: str) -> str:
    """Return an untrusted text in which the model sees none of its special tokens.

    Qwen's special tokens all begin with ``<|``. A tokenizer finds them in any text, so an instruction could
    end its own turn or claim a picture that is not there.
    """
    return text.replace("<|", "< |")
