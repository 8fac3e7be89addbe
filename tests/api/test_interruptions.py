"""An interruption that strikes while observers are told takes the result along, and the record still learns of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from skytells_nb.api.client import Client
from skytells_nb.api.record import Call
from skytells_nb.errors import StillRunningError
from skytells_nb.local import Sandbox


@dataclass
class StopsOnce:
    """An observer in whose `after` a person presses Stop, at the first call that fits."""

    fits: Callable[[Call], bool]
    heard: list[Call] = field(default_factory=list)
    pressed: bool = False

    def before(self, call: Call, /) -> None:
        """Hear of a call that leaves."""

    def after(self, call: Call, /) -> None:
        """Hear of its end, and be interrupted once."""
        if not self.pressed and self.fits(call):
            self.pressed = True
            raise KeyboardInterrupt
        self.heard.append(call)


def client(sandbox: Sandbox, observer: StopsOnce) -> Client:
    """Make a client whose calls one observer hears of."""
    return Client(api_key="sk-sandbox", base_url=sandbox.url, observers=(observer,))


def test_stop_while_an_accepted_job_is_told_cancels_it(sandbox: Sandbox) -> None:
    """The job is canceled on the server, told with its id, and rides on the interruption."""
    observer = StopsOnce(lambda call: call.status == "running")
    with client(sandbox, observer) as asked, pytest.raises(KeyboardInterrupt) as caught:
        asked.predict("truefusion-video", {"prompt": "waves"})
    job = caught.value.prediction  # type: ignore[attr-defined]
    assert [(call.status, call.remote_id) for call in observer.heard] == [("canceled", job.id)]
    assert [r.path for r in sandbox.state.requests if r.path.endswith("/cancel")] == [
        f"/v1/predictions/{job.id}/cancel"
    ]


def test_stop_while_a_finished_job_is_told_keeps_it(sandbox: Sandbox) -> None:
    """A prediction that is paid for is on the interruption, and the record is told again."""
    observer = StopsOnce(lambda call: call.status == "succeeded")
    with client(sandbox, observer) as asked, pytest.raises(KeyboardInterrupt) as caught:
        asked.predict("truefusion", {"prompt": "a fox"})
    job = caught.value.prediction  # type: ignore[attr-defined]
    assert len(job.links) == 1
    assert [call.status for call in observer.heard] == ["running", "succeeded"]


def test_stop_while_a_submitted_job_is_told_keeps_its_id(sandbox: Sandbox) -> None:
    """`submit` leaves the job running, and its id is told and kept."""
    observer = StopsOnce(lambda call: call.status == "running")
    with client(sandbox, observer) as asked, pytest.raises(KeyboardInterrupt) as caught:
        asked.submit("truefusion-video", {"prompt": "waves"})
    assert [call.remote_id for call in observer.heard] == [caught.value.prediction.id]  # type: ignore[attr-defined]


@pytest.mark.parametrize("stream", [False, True])
def test_stop_while_an_answer_is_told_keeps_it(sandbox: Sandbox, stream: bool) -> None:
    """An answer that is paid for is on the interruption, streamed or not."""
    observer = StopsOnce(lambda call: call.status == "succeeded")
    with client(sandbox, observer) as asked, pytest.raises(KeyboardInterrupt) as caught:
        list(asked.chat_stream("REPEAT: all of it")) if stream else asked.chat("REPEAT: all of it")
    assert caught.value.reply.text == "all of it"  # type: ignore[attr-defined]
    assert [call.status for call in observer.heard] == ["succeeded"]


def test_cancel_completes_the_record(sandbox: Sandbox) -> None:
    """A job that is submitted and then canceled does not stay running in the record."""
    observer = StopsOnce(lambda _: False)
    with client(sandbox, observer) as asked:
        asked.cancel(asked.submit("truefusion-video", {"prompt": "waves"}))
    assert [call.status for call in observer.heard] == ["running", "canceled"]
    assert len({call.id for call in observer.heard}) == 1


def test_a_wait_given_up_knows_its_own_call(sandbox: Sandbox) -> None:
    """The prediction of a wait that was given up carries its record, so that going on completes the same one."""
    observer = StopsOnce(lambda _: False)
    with client(sandbox, observer) as asked:
        with pytest.raises(StillRunningError) as caught:
            asked.predict("truefusion-video", {"prompt": "waves"}, timeout=0.01)
        asked.wait(caught.value.prediction)
    assert [call.status for call in observer.heard] == ["running", "succeeded"]
    assert len({call.id for call in observer.heard}) == 1
