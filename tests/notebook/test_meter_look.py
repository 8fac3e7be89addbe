"""What a meter looks like."""

from __future__ import annotations

import re

import skytells_nb.notebook.meter  # noqa: F401 - it teaches `bundle` what a meter looks like
from skytells_nb.api.client import Client
from skytells_nb.costs import meter
from skytells_nb.local import Sandbox
from skytells_nb.notebook.render import bundle


def test_less_than_a_second_is_told_in_milliseconds(shared_sandbox: Sandbox) -> None:
    """A call that took 20 ms did not take 0.0 seconds."""
    with (
        Client(api_key="sk-test", base_url=shared_sandbox.url, observers=(meter,)) as client,
        meter.meter() as metered,
    ):
        client.chat("hello")
    assert re.search(r">0\.\d{3}<", bundle(metered)["text/html"])
