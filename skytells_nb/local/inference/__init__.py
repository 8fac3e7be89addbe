"""The Inference API: chat, responses, embeddings."""
