"""Devices: which there are, who has them, how many a model takes."""
