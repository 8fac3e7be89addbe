"""Where the key, the address and the folders come from: argument > session > environment > stored > default.

Where a key may lie outside a call is the business of `key_sources`, which also says in which order.
Each setting is found by one function that also says where it found it, so that `%skytells_status` can tell. The key is
held by `Key`, which shows itself nowhere. A plain-http address is accepted on loopback only: elsewhere it would carry
the key in the clear. Nothing here is read before it is asked for.
"""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from . import key_sources
from .errors import NoKeyError, SetupError, plain
from .key_sources import KEY_VARIABLE
from .keys import hide

DEFAULT_ADDRESS = "https://api.skytells.ai/v1"
ADDRESS_VARIABLE = "SKYTELLS_BASE_URL"
LEDGER_VARIABLE = "SKYTELLS_NB_LEDGER"
MEDIA_VARIABLE = "SKYTELLS_NB_MEDIA"
EMBEDDING_MODEL_VARIABLE = "SKYTELLS_NB_EMBEDDING_MODEL"
CACHE_VARIABLE = "SKYTELLS_NB_CACHE"
STORE_TEXT_VARIABLE = "SKYTELLS_NB_STORE_TEXT"

T = TypeVar("T")


class Key:
    """An API key that appears in no repr, format, message or pickle, also where a server repeats it."""

    __slots__ = ("__secret",)

    def __init__(self, secret: str) -> None:
        self.__secret = secret
        hide(secret)

    def reveal(self) -> str:
        """Give the key itself, for the request header."""
        return self.__secret

    def __repr__(self) -> str:
        return "Key(hidden)"

    def __reduce__(self) -> str | tuple[object, ...]:
        raise SetupError("A key is not pickled.", "Make the client anew where it is needed.")


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """A setting's value, and where it was found."""

    value: T
    source: str


@dataclass(frozen=True, slots=True)
class Override:
    """What this session uses instead of the environment: the sandbox's address and key, for instance."""

    address: str | None = None
    key: Key | None = None
    source: str = "this session"
    sandbox: bool = False


_override = Override()


def use(override: Override | None) -> None:
    """Set what this session uses in place of the environment; None goes back."""
    global _override
    _override = override or Override()


def in_sandbox() -> bool:
    """Say whether this session uses the local Skytells."""
    return _override.sandbox


def find_key(argument: str | None = None) -> Found[Key]:
    """Find the API key.

    Raises `NoKeyError` where there is none, `SetupError` for one that cannot be a key (blank, control characters,
    outside ASCII: HTTP headers cannot carry it).
    """
    if argument is not None and not isinstance(argument, str):
        raise SetupError("The api_key argument is not text.", "Give the key as a str.")
    if argument is not None:
        return Found(as_key(argument, "the api_key argument"), "argument")
    if _override.key is not None:
        return Found(_override.key, _override.source)
    for source in key_sources.SOURCES.values():
        if (found := key_from(source)) is not None:
            return found
    raise NoKeyError(
        "No Skytells API key was found.",
        f"Run %skytells_login to store one, set {KEY_VARIABLE}, or go offline with %skytells_sandbox.",
    )


def key_from(source: key_sources.Source) -> Found[Key] | None:
    """Read the key of one source; None where it has none. Raises `SetupError` for what cannot be a key."""
    text = source.read() or ""
    return Found(as_key(text, source.name), source.name) if text.strip() else None


def as_key(text: str, where: str) -> Key:
    """Make a key of text found `where`; raises `SetupError`, which does not show it, for what no header can carry."""
    secret = text.strip()
    if not secret or not secret.isascii() or not secret.isprintable() or " " in secret:
        raise SetupError(
            f"{where[0].upper()}{where[1:]} is not a key: it is blank or holds blanks or other than plain characters.",
            "Copy the key again from the Skytells console.",
        )
    return Key(secret)


def store_key(secret: str, *, keyring: bool = False) -> str:
    """Store the key for this user, in the system's keyring or in a file, and in no other place; returns which.

    Raises `SetupError` for what cannot be a key, or cannot be stored.
    """
    key = as_key(secret, "what was typed")
    place = key_sources.store_in_keyring(key.reveal()) if keyring else str(key_sources.store_in_file(key.reveal()))
    key_sources.forget("file" if keyring else "keyring")
    return place


def find_address(argument: str | None = None) -> Found[str]:
    """Find the API's address, without a slash at its end.

    Raises `SetupError` for one that is not http(s), holds a user name, query or fragment, or is plain http to another
    machine.
    """
    candidates = (
        (argument, "argument"),
        (_override.address, _override.source),
        (os.environ.get(ADDRESS_VARIABLE), ADDRESS_VARIABLE),
        (DEFAULT_ADDRESS, "default"),
    )
    address, source = next((text, source) for text, source in candidates if text)
    return Found(_checked_address(address), source)


def _checked_address(address: str) -> str:
    shown = plain(address, 120)
    try:
        parts = urlsplit(address.strip())
        host, _ = parts.hostname, parts.port
        if not address.strip().isprintable() or " " in address.strip():
            raise ValueError("it holds blanks or control characters")
        if host and ":" not in host:
            host.encode("idna")
    except ValueError as error:
        raise SetupError(f"{shown!r} is not an address: {error}.", f"Use one such as {DEFAULT_ADDRESS}.") from error
    if parts.scheme not in ("https", "http") or not host:
        raise SetupError(f"{shown!r} is not an http address.", f"Use one such as {DEFAULT_ADDRESS}.")
    if "@" in parts.netloc or "?" in address or "#" in address:
        raise SetupError(
            f"The address of {host} holds a user name, query or fragment.", "Give only scheme, host and path."
        )
    if parts.scheme == "http" and not is_loopback(host):
        raise SetupError(
            f"{shown!r} would send the key in the clear.", "Use https; plain http is for this machine only."
        )
    return address.strip().rstrip("/")


def is_loopback(host: str) -> bool:
    """Say whether a host name or address can only be this machine."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def ledger_place(argument: str | os.PathLike[str] | None = None) -> Path | str:
    """Say where the ledger is: argument, `SKYTELLS_NB_LEDGER`, or a file in the user's data folder.

    A path, or an address such as `postgresql://…`, as SQLAlchemy writes them; `sqlite:///…` is a path too.
    """
    if chosen := argument or os.environ.get(LEDGER_VARIABLE):
        place = os.fspath(chosen)
        if place.startswith("sqlite:///"):
            place = place.removeprefix("sqlite:///")
        try:
            return place if "://" in place else Path(place).expanduser()
        except RuntimeError:  # the home of somebody who is not known
            return Path(place)
    import platformdirs

    return Path(platformdirs.user_data_dir("skytells_nb", appauthor=False)) / "ledger.sqlite3"


def media_folder(argument: str | os.PathLike[str] | None = None) -> Path:
    """Name the folder for downloaded results: argument, `SKYTELLS_NB_MEDIA`, or skytells_media/ beside the notebook."""
    return Path(argument or os.environ.get(MEDIA_VARIABLE) or "skytells_media").expanduser()


def cache_folder() -> Path:
    """Name the folder for what can be read again: `SKYTELLS_NB_CACHE`, or that of the user (it need not exist)."""
    if chosen := os.environ.get(CACHE_VARIABLE):
        return Path(chosen).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_dir("skytells_nb", appauthor=False))


def embedding_model(argument: str | None = None) -> str | None:
    """Name the model that makes vectors: argument, `SKYTELLS_NB_EMBEDDING_MODEL`, or None: the catalogue knows."""
    return argument or os.environ.get(EMBEDDING_MODEL_VARIABLE) or None


def store_text() -> bool:
    """Say whether the record keeps prompts and answers: `SKYTELLS_NB_STORE_TEXT` is 1, true, yes or on; else not."""
    return os.environ.get(STORE_TEXT_VARIABLE, "").strip().lower() in ("1", "true", "yes", "on")
