"""A service that attacks with everything it says, and a notebook that lets it say everything everywhere."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from PIL import Image

from tests.canned import KEY, Asked, Said, Streamed
from tests.notebook.hostile import PAYLOADS

_USAGE = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}
_PRICE = {"amount": 0.01, "currency": "USD", "unit": "image"}
_PROMPT = {"type": "object", "required": ["prompt"], "properties": {"prompt": {"type": "string"}, "n": {}}}

SET_UP = """
import json, os, pathlib
from itertools import islice
os.environ |= json.loads(pathlib.Path("hostile.json").read_text())
%load_ext skytells_nb
import pandas
import skytells_nb as sky
from IPython.display import display
pandas.set_option("display.max_rows", None, "display.max_columns", None, "display.max_colwidth", 300)
client, shell = sky.Client(), get_ipython()
texts = json.loads(pathlib.Path("texts.json").read_text())
ROOM = 45  # JupyterLab shows the first 50 outputs of a cell

def each(start, act):
    for number, text in islice(enumerate(texts), start, start + ROOM):
        try:
            act(number, text)
        except sky.SkytellsError:
            shell.showtraceback()

def limited(number, text):
    with sky.budget(1, tag=text[:100].strip() or "empty") as limit:
        display(limit)
        if number % 50 == 0:
            shell.run_line_magic("skytells_status", "")
"""
_ONE_BY_ONE = (
    "each(START, lambda number, text: shell.run_cell_magic('skytells_chat', '', str(number)))",
    "%%skytells_meter\neach(START, lambda number, text: display(client.chat(str(number), tag=text)))",
    "each(START, lambda number, text: display(client.model(f'model-{number}')))",
    "each(START, lambda number, text: client.chat(f'error {number}'))",
    "each(START, lambda number, text: display(client.predict('painter', {'prompt': text, 'n': number})))",
    "each(START, limited)",
)
_TOGETHER = (
    "%skytells_models",
    """foreign = "tag model_used error_id request_id remote_id cost_reason prompt output".split()
display(sky.usage()[foreign], sky.summary("tag"), sky.models_frame()[["slug", "name", "type", "vendor", "status"]])""",
)
_STARTS = range(0, len(PAYLOADS), 45)
CELLS = (SET_UP, *(cell.replace("START", str(start)) for cell in _ONE_BY_ONE for start in _STARTS), *_TOGETHER)
"""The notebook: each text comes to each place where something is shown."""
OUTPUTS = len(_ONE_BY_ONE) * len(PAYLOADS)
"""How many outputs it has at least."""


def write_data(folder: Path, address: str) -> None:
    """Write what the notebook reads: its settings and the texts."""
    settings = {"SKYTELLS_BASE_URL": address, "SKYTELLS_API_KEY": KEY, "SKYTELLS_NB_LEDGER": str(folder / "hostile.db")}
    for name, value in (("hostile", settings), ("texts", PAYLOADS)):
        (folder / f"{name}.json").write_text(json.dumps(value), encoding="ascii")


def answer(asked: Asked) -> Any:
    """Answer a request: the text whose number is asked for stands wherever a service may write what it likes."""
    if asked.path == "/models":
        return [_painter(), *map(_model, range(len(PAYLOADS)))]
    if asked.path.startswith("/models/"):
        name = unquote(asked.path.removeprefix("/models/"))
        return _painter() if name == "painter" else _model(int(name.removeprefix("model-"))) | {"namespace": name}
    if asked.path == "/chat/completions":
        return _chat(asked.body["messages"][-1]["content"], streams=asked.body.get("stream") is True)
    if asked.path == "/predictions":
        return _prediction(asked.body["input"]["n"], asked.headers["host"])
    if asked.path.startswith("/files/"):
        return _file()
    return Said({"error": {"message": PAYLOADS[0]}}, 404)


def _painter() -> dict[str, Any]:
    return {"namespace": "painter", "type": "image", "pricing": _PRICE, "input_schema": _PROMPT}


def _model(number: int) -> dict[str, Any]:
    text = PAYLOADS[number]
    schema = {"type": "object", "properties": {text[:300]: {"type": "string", "title": text, "description": text}}}
    words = {"name": text, "type": text, "description": text, "status": text, "vendor": {"name": text}}
    price = {"amount": 1, "unit": text, "currency": text}
    return words | {"namespace": f"model-{number} {text}", "pricing": price, "input_schema": schema}


def _chat(prompt: str, *, streams: bool) -> Any:
    text = PAYLOADS[int(prompt.removeprefix("error "))]
    if prompt.startswith("error "):
        said = {"message": text, "error_id": text, "details": text, "param": text, "request_id": text}
        return Said({"status": False, "response": text, "error": said}, 400)
    tool = {"id": text, "type": "function", "function": {"name": text, "arguments": text}}
    filters = {"content_filter_results": {text: {"filtered": True, "severity": text}}}
    head = {"id": text, "object": "chat.completion", "model": text}
    if not streams:
        message = {"role": "assistant", "content": text, "tool_calls": [tool]}
        choice = {"index": 0, "message": message, "finish_reason": text, **filters}
        return head | {"choices": [choice], "usage": _USAGE}
    half = len(text) // 2
    pieces = [({"content": part}, None) for part in (text[:half], text[half:])] + [({}, text)]
    chunks = [{"choices": [{"index": 0, "delta": delta, "finish_reason": end}]} for delta, end in pieces]
    return Streamed([*(head | chunk for chunk in chunks), head | {"choices": [], "usage": _USAGE}, "[DONE]"])


def _prediction(number: int, host: str) -> dict[str, Any]:
    text = PAYLOADS[number]
    link = f"http://{host}/v1/files/{quote(text[:60].encode('utf-8', 'replace'), safe='')}.png"
    failed = number % 4 == 0
    return {
        "id": text,
        "status": "failed" if failed else "succeeded",
        "model": {"name": text, "type": text},
        "error": text if failed else None,
        "output": None if failed else [link, text],
    }


def _file() -> Said:
    bytes_ = io.BytesIO()
    Image.new("RGB", (8, 8), "teal").save(bytes_, "PNG")
    named = f"attachment; filename*=UTF-8''{quote(PAYLOADS[3])}"
    return Said(bytes_.getvalue(), headers={"content-type": "image/png", "content-disposition": named})
