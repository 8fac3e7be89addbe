"""What every verb of a client shares: key, address, who is told, how requests are repeated, and the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .. import settings
from ..errors import InputError, RefusedError, ServiceError, UnknownNameError, plain
from . import flows, secret_inputs, stored, wire
from .prices import price_lists
from .prices.quotes import NO_QUOTE, Quote
from .record import Api, Observer
from .retry import RetryPolicy
from .steps import Flow, T
from .trace import Trace, new_call
from .values import Model

default_observers: tuple[Observer, ...] = ()
"""Who is told of the calls of a client that was given no `observers`; the package's face puts the recorder here."""

catalogue_reader: Callable[[str, tuple[Model, ...], bool], object] | None = None
"""Who is told of an address, the models that it described, and whether those are all of them; it must be quick."""


def span(timeout: float, least: float = 0.001) -> float:
    """Check a number of seconds to wait, of at most a year."""
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not least <= timeout <= 31_536_000:
        what = f"timeout={plain(timeout, 40)} is no time to wait."
        raise InputError(what, "Give seconds, such as 60; nothing was sent.")
    return timeout


class Account:
    """Settings, and the catalogue once it has been read. Performs nothing itself: every verb returns a flow."""

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

    def _trace(
        self,
        api: Api,
        request: wire.Request,
        model: str,
        tag: str | None,
        asked: Sequence[Mapping[str, Any]] = (),
        quote: Quote = NO_QUOTE,
    ) -> Trace:
        if tag is not None and not isinstance(tag, str):
            raise InputError(f"tag={plain(repr(tag), 40)} is no text.", 'Write tag="lesson"; nothing was sent.')
        prompt = stored.prompt(request)
        call = new_call(api, request, model, sandbox=self._sandbox, tag=tag, prompt=prompt, quote=quote)
        return Trace(call, policy=self._policy, asked=tuple(asked), address=self.base_url)

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

    def _tell(self, models: tuple[Model, ...], *, whole: bool) -> None:
        price_lists.note(self.base_url, models)
        secret_inputs.note(models)
        if catalogue_reader is not None:
            catalogue_reader(self.base_url, models, whole)

    def models(self, *, refresh: bool = False) -> Flow[tuple[Model, ...]]:
        """Read the catalogue; kept for the client's life unless `refresh`. Raises the errors of a request."""
        if self._listed is None or refresh:
            self._listed = yield from flows.models(self._policy)
            self._tell(self._listed, whole=True)
            self._known_models |= {model.slug: model for model in self._listed if model.input_schema}
        return self._listed

    def model(self, slug: str, *, refresh: bool = False) -> Flow[Model]:
        """Read one model with its input schema; kept for the client's life unless `refresh`.

        Raises `UnknownNameError` with the nearest name for a model that does not exist.
        """
        if not isinstance(slug, str):
            raise InputError(f"{plain(slug, 40)!r} is no model's name.", "Give the model's slug; nothing was sent.")
        if refresh or slug not in self._known_models:
            found = yield from self._naming_models(slug, flows.model(slug, self._policy))
            if found.slug.lower() not in (slug.lower(), slug.lower().rpartition("/")[2]):
                what = (
                    f"The service was asked for the model {plain(slug, 80)!r} and described {plain(found.slug, 80)!r}."
                )
                raise ServiceError(what, "Nothing was sent to either.", body=found.raw)
            self._tell((found,), whole=False)
            self._known_models[slug] = found
        return self._known_models[slug]
