"""`make bench`: what the pipeline costs, measured on real runs."""
