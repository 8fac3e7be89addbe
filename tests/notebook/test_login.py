"""Logging in: where a key is looked for, what is tried and kept, and that nothing waits where nobody answers."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyrings.alt.file import PlaintextKeyring

from skytells_nb import key_sources, settings
from skytells_nb.errors import SetupError, UnknownNameError
from skytells_nb.local import Sandbox
from skytells_nb.notebook import login
from tests.kernels import running_kernel

GOOD, OTHER, REVOKED = "sk-sandbox-good", "sk-sandbox-other", "sk-sandbox-revoked"

# What Colab and Kaggle give their kernels cannot run here: modules of the same names and calls stand in for it.
COLAB = """
class SecretNotFoundError(Exception): pass
def get(name):
    if name != "SKYTELLS_API_KEY": raise SecretNotFoundError(name)
    return "sk-sandbox-colab"
"""
COLAB_WITHOUT = """
class NotebookAccessError(Exception): pass
def get(name): raise NotebookAccessError("Notebook does not have access to this secret")
"""
KAGGLE = """
class UserSecretsClient:
    def get_secret(self, label): return {"SKYTELLS_API_KEY": "sk-sandbox-kaggle"}[label]
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, shared_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give folders of this test's own, a service to try keys with, and nobody at the keyboard."""
    for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / variable))
    monkeypatch.setenv("SKYTELLS_BASE_URL", shared_sandbox.url)
    monkeypatch.delenv("SKYTELLS_API_KEY", raising=False)
    monkeypatch.chdir(tmp_path)
    before, backend, imported = settings._override, keyring.get_keyring(), set(sys.modules)
    settings.use(None)
    yield tmp_path
    settings.use(before)
    keyring.set_keyring(backend)
    for name in set(sys.modules) - imported:
        if name.split(".")[0] in ("google", "kaggle_secrets"):
            del sys.modules[name]


@pytest.fixture
def ring() -> PlaintextKeyring:
    """Use a real keyring that writes into this test's folder."""
    keyring.set_keyring(PlaintextKeyring())
    return PlaintextKeyring()


def module(place: Path, name: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a module on the path; `place` takes it out of Python again when the test ends."""
    file = place / "path" / f"{name.replace('.', '/')}.py"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    monkeypatch.syspath_prepend(str(place / "path"))


def found() -> tuple[str, str]:
    """Give the key that calls would use, and where it is from."""
    key = settings.find_key()
    return key.value.reveal(), key.source


def test_the_system_s_keyring_is_asked_before_the_file(ring: PlaintextKeyring) -> None:
    """Where both hold a key, the safer place counts."""
    settings.store_key(GOOD)
    ring.set_password("skytells_nb", "api_key", OTHER)
    assert found() == (OTHER, "the system's keyring")


def test_a_colab_secret_is_found(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The secret named like the variable."""
    module(place, "google.colab.userdata", COLAB, monkeypatch)
    assert found() == ("sk-sandbox-colab", "Colab secret")


def test_a_colab_secret_that_is_not_for_this_notebook_is_none(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever Colab raises, the search goes on."""
    module(place, "google.colab.userdata", COLAB_WITHOUT, monkeypatch)
    (place / ".env").write_text(f"SKYTELLS_API_KEY={GOOD}\n")
    assert found() == (GOOD, ".env")


def test_a_kaggle_secret_is_found(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The secret with the variable's name as label."""
    module(place, "kaggle_secrets", KAGGLE, monkeypatch)
    assert found() == ("sk-sandbox-kaggle", "Kaggle secret")


@pytest.mark.parametrize(
    "line",
    [
        "SKYTELLS_API_KEY=sk-sandbox-good",
        'SKYTELLS_API_KEY="sk-sandbox-good"',
        "export SKYTELLS_API_KEY='sk-sandbox-good'",
        "  SKYTELLS_API_KEY = sk-sandbox-good  # mine",
        "OTHER=1\r\nSKYTELLS_API_KEY=sk-sandbox-good\r\nMORE=2",
    ],
)
def test_a_key_in_dotenv_is_found(place: Path, line: str) -> None:
    """The one line, as shells and other tools write it."""
    (place / ".env").write_text(line, newline="")
    assert found() == (GOOD, ".env")


@pytest.mark.parametrize("text", ["", "MY_SKYTELLS_API_KEY=x1", "# SKYTELLS_API_KEY=x1", "SKYTELLS_API_KEY=", "\0" * 9])
def test_another_dotenv_holds_none(place: Path, text: str) -> None:
    """Other names, comments, nothing after the sign, no text at all."""
    (place / ".env").write_text(text)
    with pytest.raises(SetupError, match="No Skytells API key was found"):
        found()


def test_a_dotenv_that_is_a_link_or_no_file_or_huge_is_left_alone(place: Path) -> None:
    """What a downloaded folder may bring along leads nowhere else, and reading it ends."""
    (place / "elsewhere").write_text(f"SKYTELLS_API_KEY={GOOD}\n")
    (place / ".env").symlink_to("elsewhere")
    assert key_sources.SOURCES["dotenv"].read() is None
    (place / ".env").unlink()
    (place / ".env").mkdir()
    assert key_sources.SOURCES["dotenv"].read() is None
    (place / ".env").rmdir()
    (place / ".env").write_text(f"SKYTELLS_API_KEY={GOOD}\n" + " " * 70_000)
    assert key_sources.SOURCES["dotenv"].read() is None


def test_a_downloaded_dotenv_does_not_replace_a_stored_key(place: Path) -> None:
    """It is asked last: prompts do not go to the account of whoever made the folder."""
    (place / ".env").write_text(f"SKYTELLS_API_KEY={OTHER}\n")
    settings.store_key(GOOD)
    assert found() == (GOOD, "stored key")


def test_a_key_that_is_there_is_tried_and_stays_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is asked and nothing stored."""
    monkeypatch.setenv("SKYTELLS_API_KEY", GOOD)
    assert login.log_in() == "The key that was found (SKYTELLS_API_KEY) works: 43 models."
    assert not key_sources.key_file().exists()


def test_a_refused_key_is_said_where_nobody_can_type_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the place of the key that does not work."""
    monkeypatch.setenv("SKYTELLS_API_KEY", REVOKED)
    with pytest.raises(SetupError, match=r"^The key that was found \(SKYTELLS_API_KEY\) does not work: "):
        login.log_in()


@pytest.mark.parametrize("source", [None, "prompt"])
def test_without_a_key_nothing_waits(source: str | None) -> None:
    """Nobody is at the keyboard: it fails at once, with what to set."""
    with pytest.raises(SetupError, match=r"^Nobody can type a key here\. Set SKYTELLS_API_KEY before the notebook"):
        login.log_in(source)


def test_a_key_from_a_place_is_used_by_this_session(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """--from beats the order of search."""
    monkeypatch.setenv("SKYTELLS_API_KEY", OTHER)
    (place / ".env").write_text(f"SKYTELLS_API_KEY={GOOD}\n")
    assert login.log_in("dotenv") == "The key that was found (.env) works: 43 models."
    assert found() == (GOOD, ".env")


def test_a_place_without_a_key_is_said() -> None:
    """--from keyring where there is none."""
    with pytest.raises(SetupError, match=r"^No key was found there \(Kaggle secret\)"):
        login.log_in("kaggle")


def test_an_unknown_place_is_answered_with_the_nearest() -> None:
    """--from kegle."""
    with pytest.raises(UnknownNameError, match=r"no place of a key 'kegle'\. Did you mean 'kaggle'\?"):
        login.log_in("kegle")


def test_a_key_is_moved_into_the_keyring(ring: PlaintextKeyring) -> None:
    """--keyring stores the key that works there, and leaves no copy in the file."""
    settings.store_key(GOOD)
    assert login.log_in(keep="keyring").endswith(
        " It is stored in the system's keyring (file PlaintextKeyring), readable by you only."
    )
    assert not key_sources.key_file().exists()
    assert found() == (GOOD, "the system's keyring")


def test_a_key_is_moved_into_the_file(ring: PlaintextKeyring) -> None:
    """--file is the way back."""
    ring.set_password("skytells_nb", "api_key", GOOD)
    login.log_in(keep="file")
    assert ring.get_password("skytells_nb", "api_key") is None
    assert found() == (GOOD, "stored key")


def test_a_keyring_that_keeps_nothing_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was stored is read back; the key in the file stays until then."""
    settings.store_key(GOOD)
    with pytest.raises(SetupError, match=r"^The system's keyring did not keep the key\. Unlock it, or use"):
        login.log_in(keep="keyring")
    assert found() == (GOOD, "stored key")


def test_forgetting_removes_every_copy(ring: PlaintextKeyring, monkeypatch: pytest.MonkeyPatch) -> None:
    """The keyring's and the file's; and it says what is still found elsewhere."""
    settings.store_key(GOOD)
    ring.set_password("skytells_nb", "api_key", OTHER)
    monkeypatch.setenv("SKYTELLS_API_KEY", GOOD)
    assert login.forget() == ("Removed: the system's keyring, stored key. A key is still found here: SKYTELLS_API_KEY.")
    monkeypatch.delenv("SKYTELLS_API_KEY")
    assert login.forget() == "Nothing was stored."


def test_a_headless_kernel_never_waits(place: Path, shared_sandbox: Sandbox) -> None:
    """A run without a front end that answers: each way of logging in ends at once, in one line."""
    with running_kernel(SKYTELLS_BASE_URL=shared_sandbox.url, SKYTELLS_API_KEY=REVOKED) as kernel:
        kernel.run("%load_ext skytells_nb")
        said = [kernel.run(f"%skytells_login {options}").error for options in ("", "--from prompt", "--file --forget")]
    assert [line.split(". ")[0] for line in said] == [
        "SetupError: The key that was found (SKYTELLS_API_KEY) does not work: "
        "The service did not accept the key: The API key is not valid",
        "SetupError: Nobody can type a key here",
        "InputError: %skytells_login does one thing at a time",
    ]
