"""Proofs that the client loses, doubles and misreads nothing."""
