"""A job's work: its tasks, and the worker processes that do them."""
