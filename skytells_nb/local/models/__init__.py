"""The catalogue: models, prices, schemas and the check of inputs."""
