"""The training of the demo's judge, whose weights ship in config/demo_judge."""
