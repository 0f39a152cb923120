"""The serial side and the pipeline, compared."""
