"""What a judge is asked, and how its answers make a score."""
