"""The identity, the files and the processors of models."""
