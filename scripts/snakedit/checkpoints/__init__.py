"""The tiny checkpoints of the demo and the tests: real classes, the hub's layout, random weights."""
