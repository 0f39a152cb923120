"""The gallery's data and pictures."""
