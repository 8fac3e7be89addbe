"""Everything a client can be asked for, each as a flow; `client` gives every one of them a blocking and an async face.

This is the shared half of `Client` and `AsyncClient`. It performs nothing itself.
"""

from __future__ import annotations

from .media_calls import MediaCalls
from .text_calls import TextCalls


class Calls(TextCalls, MediaCalls):
    """Every verb of both APIs."""
