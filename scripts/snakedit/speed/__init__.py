"""Before and after: the serial baseline, what both sides took, and what a run will take."""
