"""snakedit: a Snakemake pipeline that benchmarks instruction-based image editors."""

__version__ = "0.1.0"
