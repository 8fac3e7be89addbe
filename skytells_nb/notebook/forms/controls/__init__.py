"""The controls: one kind of input each."""
