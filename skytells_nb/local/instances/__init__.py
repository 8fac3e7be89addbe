"""A JSON Schema -> a value that fits it."""
