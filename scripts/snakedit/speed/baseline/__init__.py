"""The serial side of the comparison of speeds."""
