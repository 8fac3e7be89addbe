"""The Prediction API: jobs, what is told of them, and their files' delivery."""
