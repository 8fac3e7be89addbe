"""What a run is to do, as one value: make a job and wait for it, or wait for one that was made before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...api.client import AsyncClient
from ...api.media_calls import WAIT_LIMIT
from ...api.values import Prediction
from .. import cell


@dataclass(frozen=True, slots=True)
class Order:
    """A run of `model` with the inputs `values`, which belongs to the cell at `place`.

    `nth` says which of the like jobs of the cell's run it is, `tag` marks the call in the record, `timeout` is seconds
    for the whole. With `job`, a prediction that was made before, nothing is made: that one is waited for.
    """

    model: str
    values: Mapping[str, Any] = field(repr=False)
    place: cell.Place = (None, None)
    nth: int | None = None
    tag: str | None = None
    timeout: float = WAIT_LIMIT
    job: Prediction | None = None

    async def carry_out(self, client: AsyncClient, on_progress: Callable[[Prediction, float], None]) -> Prediction:
        """Give the result; raises what `Client.predict` and `Client.wait` raise."""
        if self.job is not None:
            return await client.wait(self.job, timeout=self.timeout, on_progress=on_progress)
        return await client.predict(
            self.model, self.values, timeout=self.timeout, tag=self.tag, on_progress=on_progress
        )
