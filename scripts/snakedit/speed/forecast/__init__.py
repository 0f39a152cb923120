"""How long a run will take."""
