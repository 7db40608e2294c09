"""What is run inside a suite's own environment; nothing of ours can be imported there."""
