"""The two remote APIs: values, prices, events, requests, conversations, and two thin clients over httpx."""
