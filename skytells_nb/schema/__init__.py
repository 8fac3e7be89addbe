"""A model's input_schema: read into fields, and used to check what a person typed."""
