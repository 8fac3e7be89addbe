"""The verbs of the Inference API: chat, responses, embeddings. Each checks its arguments and returns a flow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .. import settings
from ..errors import InputError
from . import flows, messages, pricing, requests, vectors, wire
from .account import Account, span
from .assembly import Assembly, ChatAssembly, whole_chat
from .messages import Message, Prompt
from .prices import price_lists
from .record import Api
from .response_assembly import ResponseAssembly, whole_response
from .steps import Flow
from .trace import Trace
from .values import Embeddings, Model, Reply

DEFAULT_CHAT_MODEL = "deepbrain-router"


@dataclass(frozen=True, slots=True)
class Opening:
    """A streamed answer that is ready to be asked for: what gathers it, and the flow that fills that."""

    assembly: Assembly
    flow: Flow[None]


class TextCalls(Account):
    """Verbs of the text models."""

    _usage_refused = False

    def chat(
        self,
        /,
        prompt: Prompt,
        *,
        model: str = DEFAULT_CHAT_MODEL,
        system: str | None = None,
        images: Sequence[Any] = (),
        max_tokens: int | None = None,
        temperature: float | None = None,
        stop: str | Sequence[str] | None = None,
        tag: str | None = None,
        timeout: float | None = None,
        **params: Any,
    ) -> Flow[Reply]:
        """Ask a text model and wait for the whole answer.

        `prompt` is a text, a list of texts and pictures, or a list of messages ({"role", "content"}); `images` joins
        pictures to it: links, paths, bytes, PIL images, matplotlib figures. `temperature` is 0 to 2; `max_tokens`
        bounds the answer; `timeout` is seconds to wait for it (default: the client's); `tag` marks the call in the
        record; further `params` (`tools`, `response_format`, `n`, …) go to the API as they are. Raises `InputError`
        before anything is sent, `UnknownNameError` for a model that does not exist, and the other errors of
        `skytells_nb.errors`.
        """
        told = {"max_tokens": max_tokens, "temperature": temperature, "stop": stop, **params}
        asked = messages.messages_of(prompt, system, images)
        request = _timed(requests.chat(model, asked, _passed_on("chat", told), stream=False), timeout)
        trace = self._text_trace("chat", request, model, tag, asked, told)
        return self._naming_models(model, flows.ask(request, trace, lambda body: Reply.from_json(whole_chat(body))))

    def chat_stream(
        self,
        /,
        prompt: Prompt,
        *,
        model: str = DEFAULT_CHAT_MODEL,
        system: str | None = None,
        images: Sequence[Any] = (),
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
        if not self._usage_refused:
            told.setdefault("stream_options", {"include_usage": True})
        asked = messages.messages_of(prompt, system, images)
        request = _timed(requests.chat(model, asked, _passed_on("chat", told), stream=True), timeout)

        def begin() -> Trace:
            return self._text_trace("chat", request, model, tag, asked, told)

        return self._opening(begin, request, model, ChatAssembly(_choices(params.get("n"))))

    def respond(
        self,
        /,
        prompt: Prompt,
        *,
        model: str | None = None,
        previous: Reply | str | None = None,
        instructions: str | None = None,
        images: Sequence[Any] = (),
        store: bool = True,
        max_output_tokens: int | None = None,
        temperature: float | None = None,
        tag: str | None = None,
        timeout: float | None = None,
        **params: Any,
    ) -> Flow[Reply]:
        """Ask by the Responses API, which remembers: `previous` is the Reply (or its id) that this one follows.

        `store` lets the service keep the answer, so that another can follow it; what it does not keep (`store=False`,
        or a Reply of `chat`) is sent again instead. `prompt` and `images` are as for `chat`, or items of the API;
        `model` is by default the previous one's. `instructions` hold for this answer only. Raises as `chat` does.
        """
        told = {"max_output_tokens": max_output_tokens, "temperature": temperature, **params}
        asked = messages.messages_of(prompt, images=images, items=True)
        used, asked, told = _following(asked, previous, model, told | {"instructions": instructions, "store": store})
        request = requests.respond(used, messages.input_of(asked), _passed_on("respond", told), stream=False)
        request = _timed(request, timeout)
        trace = self._text_trace("responses", request, used, tag, asked, told)
        work = flows.ask(request, trace, lambda body: Reply.from_response(whole_response(body)))
        return self._naming_models(used, work)

    def respond_stream(
        self,
        /,
        prompt: Prompt,
        *,
        model: str | None = None,
        previous: Reply | str | None = None,
        instructions: str | None = None,
        images: Sequence[Any] = (),
        store: bool = True,
        max_output_tokens: int | None = None,
        temperature: float | None = None,
        tag: str | None = None,
        timeout: float | None = None,
        **params: Any,
    ) -> Opening:
        """Ask as `respond` does and read the answer as it comes, as from `chat_stream`; `raw` of a delta is its event.

        Events that this version does not know come as deltas that add nothing.
        """
        told = {"max_output_tokens": max_output_tokens, "temperature": temperature, **params}
        asked = messages.messages_of(prompt, images=images, items=True)
        used, asked, told = _following(asked, previous, model, told | {"instructions": instructions, "store": store})
        request = requests.respond(used, messages.input_of(asked), _passed_on("respond", told), stream=True)
        request = _timed(request, timeout)

        def begin() -> Trace:
            return self._text_trace("responses", request, used, tag, asked, told)

        return self._opening(begin, request, used, ResponseAssembly())

    def _text_trace(
        self,
        api: Api,
        request: wire.Request,
        model: str,
        tag: str | None,
        asked: Sequence[Message],
        told: Mapping[str, Any],
    ) -> Trace:
        limit = pricing.CHAT_LIMIT if api == "chat" else None
        quote = pricing.quote_text(price_lists.find(self.base_url, model), asked, told, limit=limit)
        return self._trace(api, request, model, tag, asked, quote)

    def _opening(self, begin: Callable[[], Trace], request: wire.Request, model: str, assembly: Assembly) -> Opening:
        def remember() -> None:
            self._usage_refused = True

        def work() -> Flow[None]:  # the call begins when it is read, not when it is prepared
            yield from flows.ask_stream(request, begin(), assembly, plainly=remember)

        return Opening(assembly, self._naming_models(model, work()))

    def embed(
        self,
        /,
        texts: str | Sequence[str],
        *,
        model: str | None = None,
        dimensions: int | None = None,
        encoding_format: str = "base64",
        batch_size: int = 256,
        tag: str | None = None,
        timeout: float | None = None,
        **params: Any,
    ) -> Flow[Embeddings]:
        """Turn texts into vectors: one for each, in order, as 32-bit floats.

        `model` is by default `SKYTELLS_NB_EMBEDDING_MODEL` or the catalogue's first of its kind; `dimensions` shortens
        the vectors where the model can. Many texts go in batches of `batch_size`, one request each, one after the
        other; where one fails, the vectors of those before it are on the error, as `embeddings`. `encoding_format` is
        how vectors travel: base64 (a third of the bytes) or float. Raises `InputError` before anything is sent, and
        the other errors of `skytells_nb.errors`.
        """
        wanted = vectors.texts_of(texts)
        if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
            raise InputError("batch_size must be a whole number of at least 1.", "Nothing was sent.")
        told = _passed_on("embed", {"encoding_format": encoding_format, "dimensions": dimensions, **params})
        limit = None if timeout is None else span(timeout)
        used = requests.named(settings.embedding_model(model) or first_embedder((yield from self.models())))
        price = price_lists.find(self.base_url, used)

        def begin(request: wire.Request, batch: Sequence[str]) -> Trace:
            quote = pricing.quote_text(price, batch, writes=False)
            return self._trace("embeddings", request, used, tag, quote=quote)

        batches = list(vectors.batches_of(wanted, batch_size))
        work = vectors.embed(batches, lambda batch: _timed(requests.embed(used, batch, told), limit), begin)
        return (yield from self._naming_models(used, work))


def _timed(request: wire.Request, timeout: float | None) -> wire.Request:
    return request if timeout is None else replace(request, timeout=span(timeout))


def _passed_on(verb: str, params: dict[str, Any]) -> dict[str, Any]:
    """Let parameters through to the API, but for those that the verb makes itself."""
    for name in ("messages", "input"):
        if name in params:
            raise InputError(f"`{name}` is not a parameter of {verb}.", "Give it as the first argument.")
    if "stream" in params and verb != "embed":
        what = f"`stream` is not a parameter of {verb}."
        raise InputError(what, f"Use {verb}_stream(...) to read the answer as it comes.")
    return params


def _choices(n: Any) -> int:
    return n if isinstance(n, int) and n >= 1 else 1


def _following(
    asked: list[Message], previous: Reply | str | None, model: str | None, params: dict[str, Any]
) -> tuple[str, list[Message], dict[str, Any]]:
    """Let a response follow another: give the model, the messages and the parameters that it is asked for with.

    What the service has not kept (`store=False`, or an answer of chat) is sent again, with what it followed.
    """
    if previous is None:
        return model or DEFAULT_CHAT_MODEL, asked, params
    if isinstance(previous, str):
        return model or DEFAULT_CHAT_MODEL, asked, params | {"previous_response_id": previous}
    if not isinstance(previous, Reply):
        raise InputError("`previous` is no Reply and no id.", "Give what respond(...) returned; nothing was sent.")
    used = model or (previous.call.model if previous.call else previous.model) or DEFAULT_CHAT_MODEL
    if previous.kept:
        return used, asked, params | {"previous_response_id": previous.id}
    earlier = previous.raw.get("previous_response_id")
    said = previous.text or previous.refusal or ""
    asked = [*previous.asked, messages.answered(said, previous.tool_calls), *asked]
    return used, asked, params | {"previous_response_id": earlier if isinstance(earlier, str) else None}


def first_embedder(models: Sequence[Model]) -> str:
    """Name the catalogue's first model that makes vectors; raises `InputError` where there is none."""
    found = next((model for model in models if model.embeds), None)
    if found is None:
        what = "The catalogue names no model that makes vectors."
        raise InputError(what, f"Name one with model=, or set {settings.EMBEDDING_MODEL_VARIABLE}.")
    return found.slug
