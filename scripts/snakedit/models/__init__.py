"""Which weights a model has: their identity, their files, their processors."""
