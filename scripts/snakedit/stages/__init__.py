"""One module a rule: what its job does."""
