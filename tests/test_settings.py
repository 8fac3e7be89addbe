"""Each rung of a setting is found in its order, a key shows itself nowhere, and an unsafe address is refused."""

from __future__ import annotations

import copy
import pickle
import stat
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from skytells_nb import key_sources, settings
from skytells_nb.errors import NoKeyError, SetupError
from skytells_nb.settings import Key, Override, find_address, find_key


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give a configuration folder of this test's own, and a session that overrides nothing."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    before = settings._override
    settings.use(None)
    yield tmp_path
    settings.use(before)


def everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put another key and address on every rung."""
    settings.store_key("sk-stored")
    monkeypatch.setenv("SKYTELLS_API_KEY", "sk-environment")
    monkeypatch.setenv("SKYTELLS_BASE_URL", "https://environment.example/v1")
    settings.use(Override("https://session.example/v1", Key("sk-session"), source="the sandbox"))


def test_a_key_argument_beats_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argument > session > environment > stored."""
    everywhere(monkeypatch)
    found = find_key("sk-argument")
    assert (found.value.reveal(), found.source) == ("sk-argument", "argument")


def test_the_session_s_key_beats_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Session > environment > stored."""
    everywhere(monkeypatch)
    found = find_key()
    assert (found.value.reveal(), found.source) == ("sk-session", "the sandbox")


def test_the_environment_s_key_beats_the_stored_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Environment > stored."""
    everywhere(monkeypatch)
    settings.use(None)
    found = find_key()
    assert (found.value.reveal(), found.source) == ("sk-environment", "SKYTELLS_API_KEY")


def test_the_stored_key_is_found_where_the_environment_has_none() -> None:
    """What was stored is found, without the blanks around it."""
    settings.store_key("  sk-stored \n")
    found = find_key()
    assert (found.value.reveal(), found.source) == ("sk-stored", "stored key")


def test_no_key_is_one_line_that_names_the_ways_out() -> None:
    """Where no rung holds a key, the error names logging in and the sandbox."""
    with pytest.raises(NoKeyError) as caught:
        find_key()
    assert str(caught.value) == (
        "No Skytells API key was found. "
        "Run %skytells_login to store one, set SKYTELLS_API_KEY, or go offline with %skytells_sandbox."
    )


@pytest.mark.parametrize(
    "bad", ["", "   ", "sk two", "sk-ключ", "sk-\x00", "sk-a\nsk-b", "sk-a\r\nx-evil: 1", "“sk-a”"]
)
def test_what_no_header_can_carry_is_no_key(bad: str) -> None:
    """Blank, blanks inside, control characters, other than plain characters."""
    with pytest.raises(SetupError, match=r"^The api_key argument is not a key"):
        find_key(bad)


def test_a_bad_key_s_error_does_not_show_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was pasted wrongly may still be most of a key."""
    monkeypatch.setenv("SKYTELLS_API_KEY", "topsecret half")
    with pytest.raises(SetupError) as caught:
        find_key()
    assert str(caught.value).startswith("SKYTELLS_API_KEY is not a key")
    assert "topsecret" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    "show", [repr, str, "{}".format, "{0!r:>40}".format, ascii, lambda key: f"{[key]}{ {'k': key} }"]
)
def test_a_key_shows_itself_in_no_text(show: object) -> None:
    """Neither repr, str, format nor a container's repr."""
    assert "secret" not in show(Key("sk-secret-1234"))  # type: ignore[operator]


@pytest.mark.parametrize("take", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_key_is_neither_pickled_nor_copied(take: object) -> None:
    """A key leaves its object only by `reveal`."""
    with pytest.raises(SetupError, match="A key is not pickled"):
        take(Key("sk-secret-1234"))  # type: ignore[operator]


def test_a_key_has_no_vars() -> None:
    """No `__dict__` to look into."""
    with pytest.raises(TypeError):
        vars(Key("sk-secret-1234"))


def test_the_stored_key_is_this_user_s_alone(home: Path) -> None:
    """The file has mode 600, also when it replaces one that others could read."""
    path = Path(settings.store_key("sk-first"))
    path.chmod(0o644)
    assert settings.store_key("sk-second") == str(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text() == "sk-second\n"
    assert home in path.parents


def test_a_key_that_cannot_be_stored_says_what_to_do_instead(home: Path) -> None:
    """A file where the folder should be: one line, naming the variable, and no key in it."""
    (home / "skytells_nb").write_text("in the way")
    with pytest.raises(SetupError, match=r"could not be stored in .*Set SKYTELLS_API_KEY instead") as caught:
        settings.store_key("sk-secret-1234")
    assert "sk-secret" not in str(caught.value)


def test_a_stored_file_that_is_no_text_counts_as_none(home: Path) -> None:
    """Garbage in the store is not a crash."""
    key_sources.key_file().parent.mkdir(parents=True)
    key_sources.key_file().write_bytes(b"\xff\xfe\x00")
    with pytest.raises(NoKeyError):
        find_key()


def test_an_address_argument_beats_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argument > session > environment > default."""
    everywhere(monkeypatch)
    found = find_address("https://argument.example/v1/")
    assert (found.value, found.source) == ("https://argument.example/v1", "argument")


def test_the_session_s_address_beats_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Session > environment > default."""
    everywhere(monkeypatch)
    assert (find_address().value, find_address().source) == ("https://session.example/v1", "the sandbox")


def test_the_environment_s_address_beats_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """Environment > default."""
    everywhere(monkeypatch)
    settings.use(None)
    assert (find_address().value, find_address().source) == ("https://environment.example/v1", "SKYTELLS_BASE_URL")


def test_the_default_address_is_the_platform_s() -> None:
    """Nothing set: the address that every source names."""
    assert (find_address().value, find_address().source) == ("https://api.skytells.ai/v1", "default")


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8765/v1",
        "http://127.8.9.1/v1",
        "http://localhost/v1",
        "http://LocalHost.:80/v1",
        "http://[::1]:8765/v1",
        "HTTP://127.0.0.1/v1",
    ],
)
def test_plain_http_is_for_this_machine(address: str) -> None:
    """Loopback in all its spellings may be plain http."""
    assert find_address(address).value == address


@pytest.mark.parametrize(
    "address",
    [
        "http://api.skytells.ai/v1",
        "http://192.168.1.5/v1",
        "http://0.0.0.0/v1",
        "http://127.0.0.1.evil.example/v1",
        "http://localhost.evil.example/v1",
        "http://2130706433/v1",
        "http://[::2]/v1",
    ],
)
def test_plain_http_elsewhere_is_refused(address: str) -> None:
    """It would carry the key in the clear."""
    with pytest.raises(SetupError, match="would send the key in the clear"):
        find_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "api.skytells.ai/v1",
        "ftp://api.skytells.ai/v1",
        "file:///etc/passwd",
        "https://",
        "https:///v1",
        "https://[::1",
        "https://host:99999/v1",
        "https://host:port/v1",
        "https://user:pass@api.skytells.ai/v1",
        "https://@api.skytells.ai/v1",
        "http://127.0.0.1@evil.example/v1",
        "https://api.skytells.ai/v1?x=1",
        "https://api.skytells.ai/v1?",
        "https://api.skytells.ai/v1#there",
        "https://api.sky\ntells.ai/v1",
        "https://api.skytells.ai/v 1",
        "javascript:alert(1)",
    ],
)
def test_an_odd_address_is_refused(address: str) -> None:
    """Not http(s), no host, a bad port, a user name, a query, a fragment, blanks."""
    with pytest.raises(SetupError):
        find_address(address)


def test_a_wrong_variable_s_address_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address is checked wherever it was found."""
    monkeypatch.setenv("SKYTELLS_BASE_URL", "http://proxy.example/v1")
    with pytest.raises(SetupError, match=r"^'http://proxy\.example/v1' would send the key in the clear"):
        find_address()


def test_the_ledger_s_file_is_the_argument_s_the_variable_s_or_the_user_s(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argument > SKYTELLS_NB_LEDGER > data folder."""
    monkeypatch.setenv("XDG_DATA_HOME", "/somewhere")
    monkeypatch.setenv("SKYTELLS_NB_LEDGER", "~/ledger.sqlite3")
    assert settings.ledger_place("mine.sqlite3") == Path("mine.sqlite3")
    assert settings.ledger_place() == Path.home() / "ledger.sqlite3"
    monkeypatch.delenv("SKYTELLS_NB_LEDGER")
    assert settings.ledger_place() == Path("/somewhere/skytells_nb/ledger.sqlite3")


def test_the_media_folder_is_the_argument_s_the_variable_s_or_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argument > SKYTELLS_NB_MEDIA > skytells_media beside the notebook."""
    monkeypatch.setenv("SKYTELLS_NB_MEDIA", "/media")
    assert settings.media_folder("mine") == Path("mine")
    assert settings.media_folder() == Path("/media")
    monkeypatch.delenv("SKYTELLS_NB_MEDIA")
    assert settings.media_folder() == Path("skytells_media")


@pytest.mark.parametrize("host", ["a..b.example", f"{'a' * 64}.example"])
def test_a_host_that_no_name_server_could_know_is_refused(host: str) -> None:
    """Its parts are empty or too long; the address is named before anything is sent."""
    with pytest.raises(SetupError, match=r"is not an address: .*label"):
        find_address(f"https://{host}/v1")
