"""The columns of the record: one table of their names, in order, and of what kind each is.

`text` and `word` are strings, and of a word few different ones are met; `moment` is ISO 8601 in UTC with microseconds;
`money` is exact decimal text; `count` a whole number, `real` a float, `flag` a boolean, `json` an object as text.
"""

from __future__ import annotations

from typing import Literal

Kind = Literal["text", "word", "moment", "flag", "count", "real", "money", "json"]

COLUMNS: dict[str, Kind] = {
    "id": "text",
    "session": "word",
    "notebook": "word",
    "cell": "text",
    "execution_count": "count",
    "started_at": "moment",
    "finished_at": "moment",
    "tag": "word",
    "api": "word",
    "endpoint": "word",
    "model": "word",
    "model_used": "word",
    "stream": "flag",
    "sandbox": "flag",
    "status": "word",
    "error_id": "word",
    "http_status": "count",
    "request_id": "text",
    "remote_id": "text",
    "attempts": "count",
    "seconds": "real",
    "ttft": "real",
    "waited": "real",
    "prompt_tokens": "count",
    "completion_tokens": "count",
    "total_tokens": "count",
    "reasoning_tokens": "count",
    "cached_tokens": "count",
    "audio_tokens": "count",
    "tokens_per_second": "real",
    "predict_time": "real",
    "total_time": "real",
    "outputs": "count",
    "megapixels": "real",
    "media_seconds": "real",
    "bytes": "count",
    "credits": "money",
    "quoted": "money",
    "quoted_low": "money",
    "quoted_currency": "word",
    "cost": "money",
    "cost_source": "word",
    "cost_reason": "text",
    "currency": "word",
    "price": "json",
    "fingerprint": "text",
    "usage": "json",
    "prompt": "text",
    "output": "text",
}
"""The columns, in the order of `sky.usage()`. The table has two more, by which a cell finds its jobs again:
`nth`, which of the like jobs of one run of the cell it is, and `person`, a mark of who made it."""
