"""Named conversations that remember: their turns, what of them goes along with a question, and their files."""
