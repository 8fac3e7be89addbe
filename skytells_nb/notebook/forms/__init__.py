"""Forms: a model's inputs as widgets."""
