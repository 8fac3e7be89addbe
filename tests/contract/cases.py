"""What the contract tests ask of every client alike: a question, a shape to fill in, a tool to call, a picture."""

from __future__ import annotations

import json
from datetime import date
from typing import Any, Literal

import jsonschema
from pydantic import BaseModel, ConfigDict, Field

NOTICE = "Sandbox answer: no model ran and nothing was billed."
MODEL = "deepbrain-router"
EMBEDDER = "skytells-embed-3-small"
QUESTION = [{"role": "user", "content": "What is machine learning?"}]
PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
)


class Wind(BaseModel):
    """Where it blows, as a nested object with an enum."""

    model_config = ConfigDict(extra="forbid")

    direction: Literal["north", "east", "south", "west"]
    knots: float


class Forecast(BaseModel):
    """A weather forecast, as a schema with a range, a list, a nested object and a null."""

    model_config = ConfigDict(extra="forbid")

    city: str
    celsius: int = Field(ge=-90, le=60)
    rain: bool
    hours: list[int]
    wind: Wind
    warning: str | None


class Step(BaseModel):
    """One step of a plan, and the one before it."""

    text: str = Field(min_length=2)
    minutes: int = Field(ge=1, le=60)
    after: Step | None


class Plan(BaseModel):
    """A plan, as a schema that is recursive and has lengths, open ranges, a date and a pattern."""

    title: str
    kind: Literal["bread", "soup"]
    steps: list[Step] = Field(min_length=1)
    share: float = Field(gt=0, lt=1)
    on: date
    code: str = Field(pattern="^[A-Z]{2}[0-9]{3}$")
    sure: bool


class GetWeather(BaseModel):
    """Look up the weather in a city."""

    model_config = ConfigDict(extra="forbid")

    city: str
    unit: Literal["celsius", "fahrenheit"]


WEATHER_PARAMETERS: dict[str, Any] = GetWeather.model_json_schema()
WEATHER_TOOL: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Look up the weather in a city.",
        "parameters": WEATHER_PARAMETERS,
    },
}
CLOCK_TOOL: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "get_time",
        "description": "Tell the time in a zone.",
        "parameters": {"type": "object", "properties": {"zone": {"type": "string"}}, "required": ["zone"]},
    },
}
FORECAST_FORMAT: dict[str, Any] = {
    "type": "json_schema",
    "json_schema": {"name": "forecast", "schema": Forecast.model_json_schema(), "strict": True},
}


def arguments_of(text: str) -> dict[str, Any]:
    """Read a call's arguments, checked against the parameters that the weather tool declares."""
    arguments: dict[str, Any] = json.loads(text)
    jsonschema.Draft202012Validator(WEATHER_PARAMETERS).validate(arguments)
    return arguments


def norm(vector: list[float]) -> float:
    """Tell how long a vector is."""
    return float(sum(value * value for value in vector) ** 0.5)


def cosine(one: list[float], other: list[float]) -> float:
    """Tell how near two vectors of unit length are."""
    return float(sum(a * b for a, b in zip(one, other, strict=True)))
