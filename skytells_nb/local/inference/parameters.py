"""Single parameters of a request body, checked: each gives a plain value or a `Refusal` that names it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from ..models import catalogue
from ..refusals import Refusal

if TYPE_CHECKING:
    from ..dialect import Dialect

ROUTER = "deepbrain-router"
MOST_TOKENS = 10**9
_SAMPLING = {
    "temperature": (0, 2),
    "top_p": (0, 1),
    "frequency_penalty": (-2, 2),
    "presence_penalty": (-2, 2),
}
_T = TypeVar("_T", int, None)


def refuse(name: str, rule: str) -> NoReturn:
    """Turn down the parameter `name` for the `rule` it breaks."""
    raise Refusal(400, f"The parameter '{name}' {rule}.", "INVALID_PARAMETER", param=name)


def missing(name: str, what: str) -> NoReturn:
    """Turn down a body without the parameter `name`, which must be `what`."""
    raise Refusal(422, f"The parameter '{name}' is required and must be {what}.", param=name)


def model(slug: Any, *, embeds: bool = False) -> catalogue.Model:
    """Find the model that is to speak, or to embed."""
    if not isinstance(slug, str) or not slug:
        missing("model", "a string")
    found = catalogue.find(slug)
    if found is None:
        raise Refusal(404, f"The model '{slug[:100]}' was not found.")
    # The platform's own lesson sends embeddings to the router.
    if (found.serves_chat and not embeds) or (embeds and (found.kind == "embedding" or found.namespace == ROUTER)):
        return found
    makes = {"embedding": "vectors", "multimodal": "media"}.get(found.kind, found.kind)
    place = "embeddings" if found.kind == "embedding" else "chat/completions" if found.serves_chat else "predictions"
    text = f"The model '{slug}' makes {makes}; send it to /v1/{place}."
    raise Refusal(422, text, "MODEL_NOT_SUPPORTED", param="model")


def sampling(body: dict[str, Any]) -> None:
    """Check the parameters that say how freely a model speaks; no answer here depends on them."""
    for name, (low, high) in _SAMPLING.items():
        given = body.get(name)
        number = isinstance(given, int | float) and not isinstance(given, bool)
        if given is not None and not (number and low <= given <= high):
            refuse(name, f"must be a number between {low} and {high}")


def flag(body: dict[str, Any], name: str, *, default: bool = False) -> bool:
    """Read true or false."""
    given = body.get(name)
    if given is not None and not isinstance(given, bool):
        refuse(name, "must be true or false")
    return default if given is None else given


def whole(body: dict[str, Any], name: str, default: _T, *, low: int, high: int) -> int | _T:
    """Read a whole number between two others."""
    given = body.get(name)
    if given is None:
        return default
    if not isinstance(given, int) or isinstance(given, bool) or not low <= given <= high:
        refuse(name, f"must be a whole number between {low} and {high}")
    return given


def mapping(body: dict[str, Any], name: str) -> dict[str, Any]:
    """Read an object; none and an empty value are an empty one."""
    given = body.get(name) or {}
    if not isinstance(given, dict):
        refuse(name, "must be an object")
    return given


def stream_options(body: dict[str, Any], dialect: Dialect) -> dict[str, Any]:
    """Read `stream_options`, which a service that does not know them refuses."""
    if dialect.stream_options == "refused" and body.get("stream_options") is not None:
        refuse("stream_options", "is not supported")
    return mapping(body, "stream_options")
