"""The configuration: read strictly, checked, and typed."""
