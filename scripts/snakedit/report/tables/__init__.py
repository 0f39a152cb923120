"""The report's files."""
