"""Everything a client can be asked for, each as a flow; `client` gives every one of them a blocking and an async face.

This is the shared half of `Client` and `AsyncClient`: settings, the catalogue once it has been read, and the verbs. It
performs nothing itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from .. import settings
from ..errors import InputError, RefusedError, UnknownNameError, plain
from ..schema import check
from . import flows, pricing, wire
from .assembly import Assembly
from .record import Call, Observer
from .retry import RetryPolicy
from .trace import Trace, new_call
from .values import Model, Prediction, Reply

DEFAULT_CHAT_MODEL = "deepbrain-router"
WAIT_LIMIT = 600.0

Prompt = str | Sequence[Mapping[str, Any]]
Progress = Callable[[Prediction, float], None]

default_observers: tuple[Observer, ...] = ()
"""Who is told of the calls of a client that was given no `observers`; the package's face puts the recorder here."""


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
        **params: Any,
    ) -> flows.Flow[Reply]:
        """Ask a text model and wait for the whole answer.

        `prompt` is a text, or a list of messages ({"role", "content"}); `temperature` is 0 to 2; `max_tokens`
        bounds the answer; further `params` go to the API as they are. Raises `InputError` before anything is sent,
        `UnknownNameError` for a model that does not exist, and the other errors of `skytells_nb.errors`.
        """
        told = {"max_tokens": max_tokens, "temperature": temperature, "stop": stop, **params}
        request, trace = self._chat_request(prompt, model, system, told, tag=tag, stream=False)
        return self._naming_models(model, flows.chat(request, trace))

    def chat_stream(
        self,
        /,
        prompt: Prompt,
        *,
        model: str = DEFAULT_CHAT_MODEL,
        system: str | None = None,
        tag: str | None = None,
        **params: Any,
    ) -> tuple[Assembly, Callable[[Callable[[Reply], None]], flows.Flow[None]]]:
        """Prepare a streamed answer: what gathers it, and a function that opens the flow which fills that."""
        request, trace = self._chat_request(prompt, model, system, params, tag=tag, stream=True)
        assembly = Assembly()
        return assembly, lambda done: self._naming_models(model, flows.chat_stream(request, trace, assembly, done))

    def _chat_request(
        self,
        prompt: Prompt,
        model: str,
        system: str | None,
        params: Mapping[str, Any],
        *,
        tag: str | None,
        stream: bool,
    ) -> tuple[wire.Request, Trace]:
        if "stream" in params:
            raise InputError(
                "`stream` is not a parameter of chat.", "Use chat_stream(...) to read the answer as it comes."
            )
        request = wire.chat_request(model, wire.messages_of(prompt, system), params, stream=stream)
        return request, self._trace("chat", request, model, tag)

    def _trace(self, api: Literal["chat", "prediction"], request: wire.Request, model: str, tag: str | None) -> Trace:
        call: Call = new_call(api, request, model, sandbox=self._sandbox, tag=tag)
        return Trace(call, policy=self._policy)

    def _naming_models(self, name: str, work: flows.Flow[flows.T]) -> flows.Flow[flows.T]:
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

    def models(self, *, refresh: bool = False) -> flows.Flow[tuple[Model, ...]]:
        """Read the catalogue; kept for the client's life unless `refresh`."""
        if self._listed is None or refresh:
            self._listed = yield from flows.models(self._policy)
            self._known_models |= {model.slug: model for model in self._listed if model.input_schema}
        return self._listed

    def model(self, slug: str, *, refresh: bool = False) -> flows.Flow[Model]:
        """Read one model with its input schema; kept for the client's life unless `refresh`.

        Raises `UnknownNameError` with the nearest name for a model that does not exist.
        """
        if refresh or slug not in self._known_models:
            self._known_models[slug] = yield from self._naming_models(slug, flows.model(slug, self._policy))
        return self._known_models[slug]

    def _checked(self, slug: str, values: Mapping[str, Any]) -> flows.Flow[Model]:
        model = yield from self.model(slug)
        if model.speaks_chat:
            raise InputError(
                f"{plain(slug, 80)} is a text model: it runs no predictions.", "Use chat, or %%skytells_chat."
            )
        check.check(slug, model.input_schema, values)
        return model

    def quote(self, model: str, values: Mapping[str, Any]) -> flows.Flow[pricing.Quote]:
        """Say what a prediction would cost, and how that is known; checks the inputs and sends no prediction."""
        found = yield from self._checked(model, values)
        return pricing.quote(found, values)

    def submit(self, model: str, values: Mapping[str, Any], *, tag: str | None = None) -> flows.Flow[Prediction]:
        """Check the inputs, create a prediction and return at once, usually while it is queued.

        Raises `InvalidInputError` with every problem of the inputs, or `UnknownNameError`; nothing was sent then.
        """
        found = yield from self._checked(model, values)
        job, _ = yield from self._submitted(found, values, tag)
        return job

    def _submitted(
        self, model: Model, values: Mapping[str, Any], tag: str | None
    ) -> flows.Flow[tuple[Prediction, Trace]]:
        request = wire.prediction_request(model.slug, values)
        trace = self._trace("prediction", request, model.slug, tag)
        trace.call = replace(trace.call, quoted=pricing.quote(model, values).amount)
        job = yield from flows.submit(request, trace, model)
        return job, trace

    def wait(
        self,
        job: Prediction | str,
        *,
        timeout: float = WAIT_LIMIT,
        on_progress: Progress | None = None,
        cancel_on_interrupt: bool = True,
    ) -> flows.Flow[Prediction]:
        """Wait until a prediction has ended, and return it; `job` is a Prediction or its id, `timeout` in seconds.

        `on_progress(prediction, elapsed)` is called after each look. Stop (Ctrl-C) cancels the job once, unless
        `cancel_on_interrupt` is false. Raises `StillRunningError` after `timeout`,
        `JobFailedError`, `JobCanceledError`.
        """
        if isinstance(job, str):
            job = yield from self.prediction(job)
        request = wire.get_prediction(job.id)
        trace = self._trace("prediction", request, job.model, None)
        if job.call is not None:
            trace = Trace.resumed(job.call, self._policy)
        options: dict[str, Any] = {"timeout": timeout, "on_progress": on_progress}
        known = self._known_models.get(job.model)
        return (yield from flows.wait(job, trace, known, cancel_on_interrupt=cancel_on_interrupt, **options))

    def predict(
        self,
        model: str,
        values: Mapping[str, Any],
        *,
        timeout: float = WAIT_LIMIT,
        tag: str | None = None,
        on_progress: Progress | None = None,
        cancel_on_interrupt: bool = True,
    ) -> flows.Flow[Prediction]:
        """Check the inputs, create a prediction and wait for its result: `submit` and `wait` in one."""
        found = yield from self._checked(model, values)
        job, trace = yield from self._submitted(found, values, tag)
        options: dict[str, Any] = {"timeout": timeout, "on_progress": on_progress}
        return (yield from flows.wait(job, trace, found, cancel_on_interrupt=cancel_on_interrupt, **options))

    def prediction(self, prediction_id: str) -> flows.Flow[Prediction]:
        """Look a prediction up by its id."""
        body = yield from flows.exchange(wire.get_prediction(prediction_id), policy=self._policy)
        return Prediction.from_json(body)

    def cancel(self, job: Prediction | str) -> flows.Flow[Prediction]:
        """Cancel a prediction (or its id); returns it as it stands then. One that has ended stays as it is."""
        name = job if isinstance(job, str) else job.id
        body = yield from flows.exchange(wire.cancel_prediction(name), policy=self._policy)
        found = Prediction.from_json(body)
        return found if found.id else (yield from self.prediction(name))
