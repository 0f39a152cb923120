"""The demo's judge: a small Qwen3-VL that knows the demo's operations, how it is trained and examined."""
