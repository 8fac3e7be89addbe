"""Logging in: find a key or ask for it, try it, and keep it where the person says.

A key that is typed is stored; one that is found stays where it is, unless somewhere to store it is named. Nothing is
stored before the service has accepted it, and nothing waits for an answer where nobody can give one.
"""

from __future__ import annotations

import getpass

from .. import key_sources, settings
from ..api.client import Client
from ..errors import KeyRejectedError, NoKeyError, SetupError, SkytellsError, UnknownNameError
from ..settings import Found, Key, Override
from . import session
from .asking import somebody_can_answer

PROMPT = "prompt"


def log_in(source: str | None = None, keep: str | None = None) -> str:
    """Try a key and say what became of it.

    `source` is the word of one of `key_sources.SOURCES`, or `prompt` to ask; None takes the key that calls would use,
    and asks where there is none or the service refuses it. `keep` is `keyring` or `file`; None stores only what was
    typed, in the keyring where there is one. Raises `SetupError` where no key is found, none can be asked for, or the
    service does not accept it.
    """
    if settings.in_sandbox():
        raise SetupError("The sandbox cannot try a key.", "Go back online first, with %skytells_sandbox stop.")
    found = _found(source)
    if found is not None:
        try:
            known = _models(found.value)
        except SkytellsError as error:
            refused = f"The key that was found ({found.source}) does not work: {error.what}"
            if source or not isinstance(error, KeyRejectedError) or not somebody_can_answer():
                raise SetupError(refused, error.fix) from error
            print(refused)
        else:
            return f"The key that was found ({found.source}) works: {known} models.{_kept(found, source, keep)}"
    return _type_one(keep)


def forget() -> str:
    """Remove the stored key, and what this session was told to use; says what was removed and what is still found."""
    removed = key_sources.forget("keyring", "file")
    if not settings.in_sandbox():
        settings.use(None)
        session.current().start_again()
    said = f"Removed: {', '.join(removed)}." if removed else "Nothing was stored."
    still = [source.name for source in key_sources.SOURCES.values() if source.read()]
    return f"{said} A key is still found here: {', '.join(still)}." if still else said


def _found(word: str | None) -> Found[Key] | None:
    if word == PROMPT:
        return None
    if word is None:
        try:
            return settings.find_key()
        except NoKeyError:
            return None
    if (source := key_sources.SOURCES.get(word)) is None:
        raise UnknownNameError.of("place of a key", word, [PROMPT, *key_sources.SOURCES])
    if (found := settings.key_from(source)) is None:
        raise SetupError(f"No key was found there ({source.name}).", "Use %skytells_login --from prompt to type one.")
    return found


def _models(key: Key) -> int:
    """Ask the service, with this key, how many models there are."""
    with Client(api_key=key.reveal(), observers=()) as client:
        return len(client.models(refresh=True))


def _kept(found: Found[Key], source: str | None, keep: str | None) -> str:
    """Store a key that works where that was asked for, let this session use it, and say so."""
    place = settings.store_key(found.value.reveal(), keyring=keep == "keyring") if keep else None
    _use(found.value, found.source, anyway=source is not None)
    return f" It is stored in {place}, readable by you only." if place else ""


def _type_one(keep: str | None) -> str:
    key = _typed()
    try:
        known = _models(key)
    except SkytellsError as error:
        raise SetupError(f"The key was not stored: {error.what}", error.fix) from error
    in_keyring = keep == "keyring" if keep else key_sources.has_keyring()
    place = settings.store_key(key.reveal(), keyring=in_keyring)
    other = _use(key, "this login")
    said = f"The key works ({known} models) and is stored in {place}, readable by you only."
    return f"{said} {other} holds another key, which is used again after a restart: remove it there." if other else said


def _use(key: Key, name: str, *, anyway: bool = False) -> str | None:
    """Let this session use the key, `anyway` or where another would be found first; returns where that one is."""
    settings.use(None)
    session.current().start_again()
    try:
        first = settings.find_key()
    except SetupError:  # none, or what is no key
        first = None
    if first is not None and first.value.reveal() == key.reveal():
        return None
    settings.use(Override(key=key, source=name))
    return first.source if first is not None and not anyway else None


def _typed() -> Key:
    if not somebody_can_answer():
        raise SetupError("Nobody can type a key here.", f"Set {key_sources.KEY_VARIABLE} before the notebook starts.")
    try:
        typed = getpass.getpass("Skytells API key (not shown): ")
    except EOFError:
        typed = ""
    if not typed.strip():
        raise SetupError("No key was typed; nothing was stored.", "Run %skytells_login again.")
    return settings.as_key(typed, "what was typed")
