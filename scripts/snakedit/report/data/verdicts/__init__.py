"""What the report concludes: every sentence, with the condition under which it is true beside it.

Pages and tables show these sentences and add none of their own about who is better and which judge can be
believed. `tests/unit/report/data/verdicts` holds the truth of each on both sides of its condition.
"""
