"""What the Snakefile reads: the plan of a run, and what a cluster needs of it."""
