"""The verbs of the Predictions API. Each checks its arguments and returns a flow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, Literal

from ..errors import InputError, NetworkError, ServiceError, UnknownNameError, plain
from ..schema import check
from . import jobs, messages, pricing, requests, stored, vectors, wire
from .account import Account, span
from .prices import price_lists
from .reading import mended
from .steps import Flow
from .trace import Trace
from .values import Model, Prediction, Status
from .values.media import STATUS_WORDS

WAIT_LIMIT = 600.0
MOST_PER_PAGE = 50

Webhook = str | Mapping[str, Any]
Day = str | date


class MediaCalls(Account):
    """Verbs of the media models."""

    def _checked(self, slug: str, values: Mapping[str, Any]) -> Flow[tuple[Model, dict[str, Any]]]:
        model = yield from self.model(slug)
        if model.speaks_chat:
            kind, verb = ("vector", "embed") if model.embeds else ("text", "chat")
            what = f"{plain(slug, 80)} is a {kind} model: it runs no predictions."
            raise InputError(what, f"Use {verb}, or %%skytells_{verb}.")
        sent = check.native(values)
        check.check(slug, model.input_schema, sent)
        return model, sent

    def quote(
        self,
        /,
        model: str,
        values: Mapping[str, Any] | messages.Prompt,
        *,
        api: Literal["chat", "responses"] = "chat",
        **params: Any,
    ) -> Flow[pricing.Quote]:
        """Say what a call would cost, and how that is known; checks what is given and sends nothing of it.

        `values` are the inputs of a media model; for a text model the prompt as `chat` takes it, with `params` such as
        `max_tokens` and `n`, which bound the answer; for a model of vectors the texts. `api` is what a text model is
        asked by: without a limit in `params`, an answer of chat has the service's own, and a response has none. Raises
        `InvalidInputError` or `UnknownNameError` as `submit` does, and `InputError` for what does not go with the
        model. A text model whose price is printed is quoted by that where the service cannot be reached.
        """
        try:
            found = yield from self.model(model)
        except NetworkError:
            if price_lists.printed(model) is None:
                raise
            found = Model(model, type="text")
        if not (found.speaks_chat or found.embeds) or isinstance(values, Mapping):
            if params or not isinstance(values, Mapping):
                what = f"{plain(model, 80)} is a media model: its inputs are one dict."
                raise InputError(what, 'Write quote(model, {"prompt": "…"}).')
            found, sent = yield from self._checked(model, values)
            return pricing.quote(found, sent)
        price = price_lists.find(self.base_url, model)
        if found.embeds:
            return pricing.quote_text(price, vectors.texts_of(values), writes=False)
        system, images = params.pop("system", None), params.pop("images", ())
        asked = messages.messages_of(values, system, images, items=True)
        requests.chat(model, asked, params, stream=False)  # raises for what no request can carry
        return pricing.quote_text(price, asked, params, limit=pricing.CHAT_LIMIT if api == "chat" else None)

    def _prepared(
        self,
        slug: str,
        values: Mapping[str, Any],
        tag: str | None,
        webhook: Webhook | None,
        *,
        patience: float | None = None,
    ) -> Flow[tuple[wire.Request, Trace, Model]]:
        """Check the inputs and make the request, its record and its price.

        With `patience` the service is asked to answer only when the job has ended, and gets so many seconds for it.
        """
        hook = requests.webhook_of(webhook)
        model, sent = yield from self._checked(slug, values)
        request = requests.create_prediction(slug, sent, webhook=hook, block=patience is not None)
        request = replace(request, timeout=patience)
        trace = self._trace("prediction", request, slug, tag, quote=pricing.quote(model, sent))
        trace.call = replace(trace.call, prompt=stored.inputs(sent, model.fields))
        trace.values = sent
        return request, trace, model

    def submit(
        self, model: str, values: Mapping[str, Any], *, webhook: Webhook | None = None, tag: str | None = None
    ) -> Flow[Prediction]:
        """Check the inputs, create a prediction and return at once, usually while it is queued.

        `webhook` is an https address that the service calls when the job has ended, or {"url", "events"}. Raises
        `InvalidInputError` with every problem of the inputs, or `UnknownNameError`; nothing was sent then.
        """
        request, trace, found = yield from self._prepared(model, values, tag, webhook)
        return (yield from jobs.submit(request, trace, found))

    def predict(
        self,
        model: str,
        values: Mapping[str, Any],
        *,
        timeout: float = WAIT_LIMIT,
        webhook: Webhook | None = None,
        server_wait: bool = False,
        tag: str | None = None,
        on_progress: jobs.Progress | None = None,
        cancel_on_interrupt: bool = True,
    ) -> Flow[Prediction]:
        """Check the inputs, create a prediction and wait for its result: `submit` and `wait` in one.

        `values` are the model's inputs by name; `timeout` is seconds for the whole (default 600), `webhook` as for
        `submit`, `on_progress` and `cancel_on_interrupt` as for `wait`; `tag` marks the call in the record.
        `server_wait` asks the service to answer only when the job has ended (its `await`), which saves looks at a
        quick model; a connection that breaks meanwhile takes the id with it, and Stop cannot cancel, so leave it off
        for slow ones. Raises what `submit` and `wait` raise.
        """
        limit = span(timeout)
        jobs.check_progress(on_progress)
        patience = limit if server_wait else None
        request, trace, found = yield from self._prepared(model, values, tag, webhook, patience=patience)
        job = yield from jobs.create(request, trace)
        passed = trace.clock() - trace.sent if server_wait and trace.sent is not None else 0.0
        work = jobs.wait(
            job,
            trace,
            found,
            timeout=max(0.0, limit - passed),
            on_progress=on_progress,
            cancel_on_interrupt=cancel_on_interrupt,
            created=True,
        )
        return (yield from work)

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
        limit = span(timeout, least=0)
        jobs.check_progress(on_progress)
        if isinstance(job, Prediction) and _has_ended(job):
            if on_progress is not None:
                on_progress(job, 0.0)
            return jobs.succeeded(job)
        job, trace = yield from self._taken_up(job)
        known = self._known_models.get(job.model)
        work = jobs.wait(
            job, trace, known, timeout=limit, on_progress=on_progress, cancel_on_interrupt=cancel_on_interrupt
        )
        return (yield from work)

    def cancel(self, job: Prediction | str) -> Flow[Prediction]:
        """Cancel a prediction (or its id); returns it as it stands then. One that has ended stays as it is.

        Raises `ServiceError` for an id that the service does not know.
        """
        if isinstance(job, Prediction) and _has_ended(job):
            return job
        job, trace = yield from self._taken_up(job)
        return (yield from jobs.cancel(job, trace, self._known_models.get(job.model)))

    def delete(self, job: Prediction | str) -> Flow[None]:
        """Delete a prediction (or its id) and its files from the service; what is saved here stays.

        Raises `ServiceError` for an id that the service does not know.
        """
        if not isinstance(job, Prediction | str):
            raise InputError(f"{plain(job, 40)!r} is no prediction and no id.", "Give what submit(...) returned.")
        named = job if isinstance(job, Prediction) else Prediction(job, Status.RUNNING)
        if _has_ended(named):
            named = replace(named, call=None)
        trace = self._resumed(named)
        yield from jobs.delete(named, trace, self._known_models.get(named.model))

    def prediction(self, prediction_id: str) -> Flow[Prediction]:
        """Look a prediction up by its id; raises `ServiceError` for one that the service does not know."""
        found = yield from jobs.look_up(prediction_id, self._policy)
        if not found.id:
            what = f"The service was asked for prediction {plain(prediction_id, 80)!r} and described none."
            raise ServiceError(what, "Try again.", body=found.raw)
        return found

    def predictions(
        self,
        *,
        model: str | None = None,
        since: Day | None = None,
        until: Day | None = None,
        status: str | None = None,
        per_page: int = MOST_PER_PAGE,
    ) -> Flow[None]:
        """Read the account's predictions, newest first, page after page as the loop asks for them.

        `since` and `until` are days in UTC (a date, or "2026-11-22"), both in the list; `status` is a word such as
        "succeeded", in any spelling; `per_page` is 1 to 50. Raises `InputError` for what is no day, number or status.
        """
        if model is not None and not (isinstance(model, str) and mended(model) == model):
            raise InputError(f"model={plain(model, 40)!r} is no name.", "Give the model's slug; nothing was sent.")
        if isinstance(per_page, bool) or not isinstance(per_page, int) or not 1 <= per_page <= MOST_PER_PAGE:
            raise InputError(f"per_page must be 1 to {MOST_PER_PAGE}.", "Nothing was sent.")
        first, last = _day("since", since), _day("until", until)
        if first and last and first > last:
            raise InputError(f"since ({first}) is after until ({last}).", "Swap them; nothing was sent.")
        wanted = None if status is None else _status(status)
        # Words that mean the same everywhere are the service's to filter; of the others it may know another spelling.
        word = str(wanted) if wanted in (Status.SUCCEEDED, Status.FAILED) else None

        def build(page: int) -> wire.Request:
            return requests.list_predictions(page, per_page, first=first, last=last, model=model, status=word)

        def fits(job: Prediction) -> bool:
            return wanted is None or job.status is wanted

        return self._naming_models(model or "", jobs.listing(build, fits, self._policy))

    def _taken_up(self, job: Prediction | str) -> Flow[tuple[Prediction, Trace]]:
        """Take a job up again, by its own record or, where only its id is known, by a new one that names the id."""
        if not isinstance(job, Prediction | str):
            raise InputError(f"{plain(job, 40)!r} is no prediction and no id.", "Give what submit(...) returned.")
        if isinstance(job, Prediction) and job.call is not None:
            return job, self._resumed(job)
        name = job if isinstance(job, str) else job.id
        trace = self._resumed(Prediction(name, Status.RUNNING))
        found = (yield from jobs.look_up(name, self._policy, trace)) if isinstance(job, str) else job
        trace.call = replace(trace.call, model=found.model, remote_id=name)
        return replace(found, id=name), trace

    def _resumed(self, job: Prediction) -> Trace:
        if job.call is not None:
            return Trace.resumed(job.call, self._policy, self.base_url)
        return self._trace("prediction", requests.of_prediction("get", job.id, {}, ""), "", None)


def _has_ended(job: Prediction) -> bool:
    """Say whether a job's end is on record: nothing that is asked of it later may change what the record says."""
    return job.status.final and job.call is not None and job.call.finished_at is not None


def _day(name: str, given: Day | None) -> str | None:
    """Write a day as the API reads it; a moment counts as its day in UTC."""
    if isinstance(given, datetime):
        given = given.astimezone(UTC).date()
    try:
        if given is None:
            return None
        return given.isoformat() if isinstance(given, date) else date.fromisoformat(given).isoformat()
    except (ValueError, TypeError):
        raise InputError(f"{name}={plain(given, 40)!r} is no day.", 'Write "2026-11-22"; nothing was sent.') from None


def _status(word: str) -> Status:
    if not isinstance(word, str) or not word:
        raise InputError(f"status={plain(word, 40)!r} is no word.", 'Write "succeeded", for instance.')
    if word.lower() not in STATUS_WORDS:
        raise UnknownNameError.of("status", word, (known for known in STATUS_WORDS if isinstance(known, str)))
    return Status.read(word)
