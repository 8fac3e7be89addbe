"""The places that may hold an API key outside a call: each is read when it is asked, and is silent where it has none.

The order is the order of search: the environment, what `%skytells_login` stored (the system's keyring, a file), the
secrets of Colab and Kaggle, and last a `.env` beside the notebook. It is last since a folder that somebody downloaded
may bring one along: it must not replace a key of the user's own, and send their prompts to another account.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from secrets import token_hex
from typing import Any

from .errors import SetupError

KEY_VARIABLE = "SKYTELLS_API_KEY"
_SERVICE, _ENTRY = "skytells_nb", "api_key"
_LARGEST = 65_536
_LINE = re.compile(rf"""(?:export\s+)?{KEY_VARIABLE}\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s#]*))\s*(?:\#.*)?""", re.VERBOSE)


@dataclass(frozen=True, slots=True)
class Source:
    """One place: what people call it, and how it is read."""

    name: str
    read: Callable[[], str | None]


def _environment() -> str | None:
    return os.environ.get(KEY_VARIABLE)


def _keyring() -> str | None:
    with suppress(Exception):  # not installed, locked, no service: whatever a backend says, it has no key for us
        found = import_module("keyring").get_password(_SERVICE, _ENTRY)
        return found if isinstance(found, str) else None
    return None


def _file() -> str | None:
    return _small_text(key_file())


def _colab() -> str | None:
    with suppress(Exception):  # not Colab, no such secret, or this notebook may not see it
        return str(import_module("google.colab.userdata").get(KEY_VARIABLE) or "")
    return None


def _kaggle() -> str | None:
    with suppress(Exception):  # not Kaggle, or no such secret
        return str(import_module("kaggle_secrets").UserSecretsClient().get_secret(KEY_VARIABLE) or "")
    return None


def _dotenv() -> str | None:
    for line in (_small_text(Path(".env"), own=True) or "").splitlines():
        if found := _LINE.fullmatch(line.strip()):
            return next((text for text in found.groups() if text), None)
    return None


def _small_text(path: Path, *, own: bool = False) -> str | None:
    """Read a small regular file; None for any other, and with `own` for a link or a file of somebody else."""
    no_link = getattr(os, "O_NOFOLLOW", 0) if own else 0
    try:
        if own and path.is_symlink():
            return None
        with os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | no_link), "rb") as file:
            known = os.fstat(file.fileno())
            foreign = own and hasattr(os, "getuid") and known.st_uid != os.getuid()
            if foreign or not stat.S_ISREG(known.st_mode) or known.st_size > _LARGEST:
                return None
            return file.read(_LARGEST).decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None


SOURCES = {
    "env": Source(KEY_VARIABLE, _environment),
    "keyring": Source("the system's keyring", _keyring),
    "file": Source("stored key", _file),
    "colab": Source("Colab secret", _colab),
    "kaggle": Source("Kaggle secret", _kaggle),
    "dotenv": Source(".env", _dotenv),
}
"""All of them, in the order of search, by their words on the line of `%skytells_login`."""


def key_file() -> Path:
    """Name the file that holds the stored key (it need not exist)."""
    import platformdirs

    return Path(platformdirs.user_config_dir("skytells_nb", appauthor=False)) / "key"


def has_keyring() -> bool:
    """Say whether the system has a keyring that keeps keys better than a file does; the extra `keyring` reaches it."""
    with suppress(Exception):
        return bool(import_module("keyring").get_keyring().priority >= 1)
    return False


def store_in_file(secret: str) -> Path:
    """Write the key into the user's configuration folder, readable by this user only; returns the file."""
    path = key_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{token_hex(8)}.part")
        try:
            with os.fdopen(
                os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
            ) as file:
                file.write(secret + "\n")
            partial.replace(path)  # the key before it stays until this one is whole
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise SetupError(
            f"The key could not be stored in {path}: {error.strerror}.", f"Set {KEY_VARIABLE} instead."
        ) from error
    return path


def store_in_keyring(secret: str) -> str:
    """Put the key into the system's keyring and read it back; returns what the keyring is called.

    Raises `SetupError` where the extra is not installed, or where the keyring keeps nothing.
    """
    try:
        keyring: Any = import_module("keyring")
    except ImportError as error:
        raise SetupError(
            "There is no keyring here.", "Install skytells-nb[keyring], or use %skytells_login --file."
        ) from error
    with suppress(Exception):
        keyring.set_password(_SERVICE, _ENTRY, secret)
    if _keyring() != secret:
        raise SetupError("The system's keyring did not keep the key.", "Unlock it, or use %skytells_login --file.")
    return f"the system's keyring ({getattr(keyring.get_keyring(), 'name', '')})"


def forget(*words: str) -> tuple[str, ...]:
    """Remove what is stored in these places, `keyring` or `file`; returns the names of those that held a key.

    Raises `SetupError` where one cannot be removed.
    """
    held = {word: SOURCES[word] for word in words if SOURCES[word].read()}
    for word, source in held.items():
        with suppress(Exception):  # whatever a backend says: what counts is whether the key is gone
            if word == "file":
                key_file().unlink()
            else:
                import_module("keyring").delete_password(_SERVICE, _ENTRY)
        if source.read():
            raise SetupError(f"The key could not be removed ({source.name}).", "Remove it by hand.")
    return tuple(source.name for source in held.values())
