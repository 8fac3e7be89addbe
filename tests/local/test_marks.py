"""The sandbox says of itself that nothing was billed."""

from __future__ import annotations

import httpx

from skytells_nb.local import Sandbox


def test_every_reply_names_the_sandbox(shared_sandbox: Sandbox) -> None:
    """Successes and errors alike carry the header by which a client tells the sandbox from the service."""
    with httpx.Client(verify=False) as client:
        good = client.get(f"{shared_sandbox.url}/models", headers={"x-api-key": "sk-x"})
        bad = client.get(f"{shared_sandbox.url}/nowhere")
    assert [good.status_code, bad.status_code] == [200, 404]
    assert [reply.headers["x-skytells-sandbox"] for reply in (good, bad)] == ["nothing was billed"] * 2
