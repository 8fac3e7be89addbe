"""Everything a client can be asked for, each as a flow; `client` gives every one of them a blocking and an async face.

This is the shared half of `Client` and `AsyncClient`: settings, the catalogue once it has been read, and the verbs. It
performs nothing itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from .. import settings
from ..errors import InputError, RefusedError, ServiceError, UnknownNameError, plain
from ..schema import check
from . import flows, jobs, pricing, wire
from .assembly import Assembly
from .record import Call, Observer
from .retry import RetryPolicy
from .steps import Flow, T
from .trace import Trace, new_call
from .values import Model, Prediction, Reply

DEFAULT_CHAT_MODEL = "deepbrain-router"
WAIT_LIMIT = 600.0

Prompt = str | Sequence[Mapping[str, Any]]

default_observers: tuple[Observer, ...] = ()
"""Who is told of the calls of a client that was given no `observers`; the package's face puts the recorder here."""


def _span(timeout: float, least: float = 0.001) -> float:
    """Check a number of seconds to wait, of at most a year."""
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not least <= timeout <= 31_536_000:
        what = f"timeout={plain(timeout, 40)} is no time to wait."
        raise InputError(what, "Give seconds, such as 60; nothing was sent.")
    return timeout


@dataclass(frozen=True, slots=True)
class Opening:
    """A streamed answer that is ready to be asked for: what gathers it, and the flow that fills that."""

    assembly: Assembly
    flow: Flow[None]


class Calls:
    """Settings, catalogue and verbs; every verb returns a flow."""

    def __init__(
        self,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        observers: Sequence[Observer] | None = None,
        retry: RetryPolicy | None = None,
    ) -> None:
        self.key = settings.find_key(api_key)
        self._address = settings.find_address(base_url)
        self.observers = tuple(default_observers if observers is None else observers)
        self._policy = retry or RetryPolicy()
        self._known_models: dict[str, Model] = {}
        self._listed: tuple[Model, ...] | None = None
        self._sandbox = settings.in_sandbox() and self._address.source != "argument"

    @property
    def base_url(self) -> str:
        """The API's address, without a slash at its end."""
        return self._address.value

    def chat(
        self,
        /,
        prompt: Prompt,
        *,
        model: str = DEFAULT_CHAT_MODEL,
        system: str | None = None,
        max_tokens: int | None = None,
        temperature: float | None = None,
        stop: str | Sequence[str] | None = None,
        tag: str | None = None,
        timeout: float | None = None,
        **params: Any,
    ) -> Flow[Reply]:
        """Ask a text model and wait for the whole answer.

        `prompt` is a text, or a list of messages ({"role", "content"}); `temperature` is 0 to 2; `max_tokens`
        bounds the answer; `timeout` is seconds to wait for it (default: the client's); `tag` marks the call in the
        record; further `params` go to the API as they are. Raises `InputError` before anything is sent,
        `UnknownNameError` for a model that does not exist, and the other errors of `skytells_nb.errors`.
        """
        told = {"max_tokens": max_tokens, "temperature": temperature, "stop": stop, **params}
        request = self._chat_request(prompt, model, system, told, timeout, stream=False)
        trace = self._trace("chat", request, model, tag)
        return self._naming_models(model, flows.chat(request, trace))

    def chat_stream(
        self,
        /,
        prompt: Prompt,
        *,
        model: str = DEFAULT_CHAT_MODEL,
        system: str | None = None,
        max_tokens: int | None = None,
        temperature: float | None = None,
        stop: str | Sequence[str] | None = None,
        tag: str | None = None,
        timeout: float | None = None,
        **params: Any,
    ) -> Opening:
        """Ask a text model and read the answer as it comes; arguments as for `chat`.

        Nothing is sent before the loop's first step; `timeout` is seconds between two pieces. Raises as `chat` does,
        and `BrokenStreamError` (with the partial `reply`) for an answer that ends before its end.
        """
        told = {"max_tokens": max_tokens, "temperature": temperature, "stop": stop, **params}
        request = self._chat_request(prompt, model, system, told, timeout, stream=True)
        assembly = Assembly()

        def work() -> Flow[None]:  # the call begins when it is read, not when it is prepared
            yield from flows.chat_stream(request, self._trace("chat", request, model, tag), assembly)

        return Opening(assembly, self._naming_models(model, work()))

    def _chat_request(
        self,
        prompt: Prompt,
        model: str,
        system: str | None,
        params: Mapping[str, Any],
        timeout: float | None,
        *,
        stream: bool,
    ) -> wire.Request:
        if "stream" in params:
            what = "`stream` is not a parameter of chat."
            raise InputError(what, "Use chat_stream(...) to read the answer as it comes.")
        request = wire.chat_request(model, wire.messages_of(prompt, system), params, stream=stream)
        return request if timeout is None else replace(request, timeout=_span(timeout))

    def _trace(self, api: Literal["chat", "prediction"], request: wire.Request, model: str, tag: str | None) -> Trace:
        call: Call = new_call(api, request, model, sandbox=self._sandbox, tag=tag)
        return Trace(call, policy=self._policy)

    def _naming_models(self, name: str, work: Flow[T]) -> Flow[T]:
        """Add the nearest model's name where the service does not know the model."""
        try:
            return (yield from work)
        except RefusedError as error:
            if error.error_id != "MODEL_NOT_FOUND":
                raise
            try:
                known = [model.slug for model in (yield from self.models())]
            except Exception:  # noqa: BLE001 - the list is only a courtesy; the refusal is the news
                raise error from None
            unknown = UnknownNameError.of("model", name, known, error_id=error.error_id, status=error.status)
            unknown.request_id, unknown.body = error.request_id, error.body
            raise unknown from error

    def models(self, *, refresh: bool = False) -> Flow[tuple[Model, ...]]:
        """Read the catalogue; kept for the client's life unless `refresh`."""
        if self._listed is None or refresh:
            self._listed = yield from flows.models(self._policy)
            self._known_models |= {model.slug: model for model in self._listed if model.input_schema}
        return self._listed

    def model(self, slug: str, *, refresh: bool = False) -> Flow[Model]:
        """Read one model with its input schema; kept for the client's life unless `refresh`.

        Raises `UnknownNameError` with the nearest name for a model that does not exist.
        """
        if refresh or slug not in self._known_models:
            found = yield from self._naming_models(slug, flows.model(slug, self._policy))
            if found.slug.lower() not in (slug.lower(), slug.lower().rpartition("/")[2]):
                what = (
                    f"The service was asked for the model {plain(slug, 80)!r} and described {plain(found.slug, 80)!r}."
                )
                raise ServiceError(what, "Nothing was sent to either.", body=found.raw)
            self._known_models[slug] = found
        return self._known_models[slug]

    def _checked(self, slug: str, values: Mapping[str, Any]) -> Flow[tuple[Model, dict[str, Any]]]:
        model = yield from self.model(slug)
        if model.speaks_chat:
            what = f"{plain(slug, 80)} is a text model: it runs no predictions."
            raise InputError(what, "Use chat, or %%skytells_chat.")
        sent = check.native(values)
        check.check(slug, model.input_schema, sent)
        return model, sent

    def quote(self, model: str, values: Mapping[str, Any]) -> Flow[pricing.Quote]:
        """Say what a prediction would cost, and how that is known; checks the inputs and sends no prediction."""
        found, sent = yield from self._checked(model, values)
        return pricing.quote(found, sent)

    def _prepared(
        self, slug: str, values: Mapping[str, Any], tag: str | None
    ) -> Flow[tuple[wire.Request, Trace, Model]]:
        """Check the inputs and make the request, its record and its price."""
        model, sent = yield from self._checked(slug, values)
        request = wire.prediction_request(slug, sent)
        trace = self._trace("prediction", request, slug, tag)
        trace.call = replace(trace.call, quoted=pricing.quote(model, sent).amount)
        trace.values = sent
        return request, trace, model

    def submit(self, model: str, values: Mapping[str, Any], *, tag: str | None = None) -> Flow[Prediction]:
        """Check the inputs, create a prediction and return at once, usually while it is queued.

        Raises `InvalidInputError` with every problem of the inputs, or `UnknownNameError`; nothing was sent then.
        """
        request, trace, found = yield from self._prepared(model, values, tag)
        return (yield from jobs.submit(request, trace, found))

    def predict(
        self,
        model: str,
        values: Mapping[str, Any],
        *,
        timeout: float = WAIT_LIMIT,
        tag: str | None = None,
        on_progress: jobs.Progress | None = None,
        cancel_on_interrupt: bool = True,
    ) -> Flow[Prediction]:
        """Check the inputs, create a prediction and wait for its result: `submit` and `wait` in one."""
        limit = _span(timeout)
        request, trace, found = yield from self._prepared(model, values, tag)
        job = yield from jobs.create(request, trace)
        options: dict[str, Any] = {"timeout": limit, "on_progress": on_progress, "created": True}
        return (yield from jobs.wait(job, trace, found, cancel_on_interrupt=cancel_on_interrupt, **options))

    def wait(
        self,
        job: Prediction | str,
        *,
        timeout: float = WAIT_LIMIT,
        on_progress: jobs.Progress | None = None,
        cancel_on_interrupt: bool = True,
    ) -> Flow[Prediction]:
        """Wait until a prediction has ended, and return it; `job` is a Prediction or its id, `timeout` in seconds.

        `on_progress(prediction, elapsed)` is called after each look. Stop (Ctrl-C) cancels the job once, unless
        `cancel_on_interrupt` is false. Raises `StillRunningError` after `timeout`, and
        `JobFailedError` or `JobCanceledError` for a job that ended without a result.
        """
        limit = _span(timeout, least=0)
        job, trace = yield from self._taken_up(job)
        options: dict[str, Any] = {"timeout": limit, "on_progress": on_progress}
        known = self._known_models.get(job.model)
        return (yield from jobs.wait(job, trace, known, cancel_on_interrupt=cancel_on_interrupt, **options))

    def cancel(self, job: Prediction | str) -> Flow[Prediction]:
        """Cancel a prediction (or its id); returns it as it stands then. One that has ended stays as it is."""
        job, trace = yield from self._taken_up(job)
        return (yield from jobs.cancel(job, trace, self._known_models.get(job.model)))

    def prediction(self, prediction_id: str) -> Flow[Prediction]:
        """Look a prediction up by its id."""
        return (yield from jobs.look_up(prediction_id, self._policy))

    def _taken_up(self, job: Prediction | str) -> Flow[tuple[Prediction, Trace]]:
        """Take a job up again, by its own record or, where only its id is known, by a new one that names the id."""
        if isinstance(job, Prediction) and job.call is not None:
            return job, Trace.resumed(job.call, self._policy)
        name = job if isinstance(job, str) else job.id
        trace = self._trace("prediction", wire.get_prediction(name), "", None)
        found = (yield from jobs.look_up(name, self._policy, trace)) if isinstance(job, str) else job
        trace.call = replace(trace.call, model=found.model, remote_id=name)
        return replace(found, id=name), trace
