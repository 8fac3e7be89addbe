"""How many units of a price a run is: before it from its inputs, after it also from what came back. Pure.

The units are those of the catalogue's price objects. Lengths are billed by each unit begun, and for each output.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from . import picture_sizes
from .amounts import MILLION, figure
from .extents import Extent, exactly, unknown
from .inputs import Inputs

_OUTPUT_INPUTS = (
    "num_outputs", "number_of_outputs", "number_of_images", "num_images", "number_of_videos", "num_videos",
    "num_samples", "n",
)  # fmt: skip
_LENGTH_INPUTS = ("duration", "duration_seconds", "seconds", "length_seconds", "video_length")
_GPU_INPUTS = ("num_gpus", "number_of_gpus", "gpu_count", "gpus")
_LENGTH_METRICS = ("media_seconds", "duration", "duration_seconds")
_TOKEN_METRICS = ("total_tokens", "tokens")
_TOKEN_PARTS = (("prompt_tokens", "input_tokens"), ("completion_tokens", "output_tokens"))
_OUTPUT_METRICS = ("asset_count", "image_count")


@dataclass(frozen=True, slots=True)
class Made:
    """What came back of a run that succeeded: how many outputs, and what the service measured."""

    outputs: int | None = None
    metrics: Mapping[str, Any] = field(default_factory=dict)

    def measured(self, *names: str) -> Extent | None:
        """Give the first of these figures that the service names."""
        known = (figure(self.metrics.get(name)) for name in names)
        return next((exactly(number) for number in known if number is not None), None)


NOTHING_YET = Made()
"""What is known before a run."""


def outputs(inputs: Inputs, made: Made = NOTHING_YET) -> Extent:
    """Count the outputs; one, where no input says how many."""
    if made.outputs:
        return exactly(made.outputs)
    told = made.measured(*_OUTPUT_METRICS)
    if told is not None and told.exact:
        return told
    asked = inputs.number(_OUTPUT_INPUTS) or exactly(1)
    least = max(asked.low or Decimal(0), Decimal(1))
    return Extent(least, None if asked.high is None else max(asked.high, least), asked.why)


def length(inputs: Inputs, made: Made = NOTHING_YET) -> Extent | None:
    """Give the seconds that an output lasts; None where neither inputs nor the answer say."""
    return inputs.number(_LENGTH_INPUTS) or made.measured(*_LENGTH_METRICS)


def megapixels(inputs: Inputs, made: Made = NOTHING_YET, *, key: str = "output_megapixels") -> Extent:
    """Give the megapixels of all outputs together."""
    return made.measured(key, "megapixels") or picture_sizes.asked_for(inputs).times(outputs(inputs, made))


def megapixels_sent(inputs: Inputs, made: Made = NOTHING_YET, *, key: str = "input_megapixels") -> Extent:
    """Give the megapixels of all pictures that are sent."""
    return made.measured(key) or picture_sizes.sent(inputs)


def of_unit(unit: str, inputs: Inputs, made: Made) -> Extent | None:
    """Count a price's units in a run; None for a unit that is not known."""
    count = _COUNTS.get(unit)
    return None if count is None else count(unit, inputs, made)


def _once(_unit: str, _inputs: Inputs, _made: Made) -> Extent:
    return exactly(1)


def _outputs(_unit: str, inputs: Inputs, made: Made) -> Extent:
    return outputs(inputs, made)


_PIECES = {"5 seconds": 5, "minute": 60}


def _lengths(unit: str, inputs: Inputs, made: Made) -> Extent:
    found = length(inputs, made)
    if found is None:
        return unknown(f"it is priced by the {unit} and the inputs do not say how long")
    return found.begun(_PIECES.get(unit, 1)).times(outputs(inputs, made))


def _gpus(_unit: str, inputs: Inputs, _made: Made) -> Extent:
    return inputs.number(_GPU_INPUTS) or unknown("it is priced by the gpu and the inputs do not say how many")


def _pixels(unit: str, inputs: Inputs, made: Made) -> Extent:
    found = megapixels(inputs, made)
    return unknown(f"it is priced by the {unit} and {found.why}") if found.low is found.high is None else found


def _work(_unit: str, _inputs: Inputs, made: Made) -> Extent:
    told = made.measured("computing_time", "predict_time")
    return told or unknown("it is priced by the computing second, and only the run tells how many")


def _tokens(unit: str, _inputs: Inputs, made: Made) -> Extent:
    parts = [made.measured(*names) for names in _TOKEN_PARTS]
    told = made.measured(*_TOKEN_METRICS)
    if told is None and parts[0] is not None:
        told = parts[0].plus(parts[1] or exactly(0))
    if told is None:
        return unknown("it is priced by the token, and only the service counts them")
    return told.times(exactly(1 / MILLION)) if unit == "million_token" else told


_COUNTS: Mapping[str, Callable[[str, Inputs, Made], Extent]] = {
    "prediction": _once,
    **dict.fromkeys(("image", "video", "audio"), _outputs),
    **dict.fromkeys(("second", "video_second", "audio_second", "5 seconds", "minute"), _lengths),
    "gpu": _gpus,
    **dict.fromkeys(("megapixel", "image_megapixel"), _pixels),
    "computing_second": _work,
    **dict.fromkeys(("token", "tokens", "million_token"), _tokens),
}
