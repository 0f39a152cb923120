"""The demo's benchmark and its small checkpoints."""
