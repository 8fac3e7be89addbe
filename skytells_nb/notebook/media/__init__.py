"""The files of results: fetched, kept, made small, and drawn."""
