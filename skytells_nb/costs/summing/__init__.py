"""The record summed up where it is kept: what by, and how each kind of store does it."""
