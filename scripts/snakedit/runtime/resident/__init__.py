"""Pools that outlive a job, so that a model is loaded once a run."""
