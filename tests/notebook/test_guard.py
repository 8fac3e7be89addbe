"""What the key guard takes for a key, what it says, and what it puts in a key's place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skytells_nb import keys
from skytells_nb.keys import hide, keys_in
from skytells_nb.notebook import preferences
from skytells_nb.notebook.guard import KeyInCellError, check, covered, covered_throughout
from skytells_nb.notebook.magics.guarding import stop_at_keys

KEY = "sk-7f3aK9_dQ2-mZx81LpR4vWnB6cTyHs0E"
ORCHESTRATOR = "wfb_7f3aK9dQ2mZx81LpR4vWnB6c"
PREFERRED = preferences.current()


@pytest.fixture(autouse=True)
def _usual(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Begin with no secret known and the guard on."""
    monkeypatch.setattr(keys, "_secrets", set())
    preferences.use(PREFERRED)
    yield
    preferences.use(PREFERRED)


@pytest.mark.parametrize(
    "cell",
    [
        f"%env SKYTELLS_API_KEY={KEY}",
        f'os.environ["SKYTELLS_API_KEY"] = "{KEY}"',
        f"client = sky.Client(api_key='{KEY}')",
        f"%%bash\ncurl -H 'x-api-key: {KEY}' https://api.skytells.ai/v1/models",
        f"!curl -H 'Authorization: Bearer {KEY}' https://api.skytells.ai/v1/models",
        f'%skytells_predict truefusion prompt="a fox" key={KEY}',
        f"%%skytells_chat\nMy key is {KEY}, is that safe?",
        f'f"Bearer {KEY}"',
        f"'https://files.example/?key%3D{KEY}'",
        f"'first\\n{KEY}'",
        f"# {KEY}",
        f"%%writefile .env\nSKYTELLS_API_KEY={KEY}",
        f"broken syntax ( {KEY}",
        f"token = '{ORCHESTRATOR}'",
        f"x-{KEY}",
    ],
)
def test_a_cell_with_a_key_is_stopped(cell: str) -> None:
    """Wherever it stands: a line magic, a cell of another language, a comment, code that is not even Python."""
    with pytest.raises(KeyInCellError):
        check(cell)


@pytest.mark.parametrize(
    "cell",
    [
        "",
        "pip install sk-learn-contrib-of-somebody-else",
        "desk-1234567890123456789012345",
        "api_key='sk-sandbox'",
        "Client(api_key='sk-demo')",
        "'sk-0123456789012345678'",
        "'sk-' + '0123456789' * 3",
        "'sk-' '01234567890123456789'",
        "wfb_short1",
        "mask-0123456789012345678901234567890",
        "%skytells_login",
        "os.environ['SKYTELLS_API_KEY']",
    ],
)
def test_a_cell_without_one_is_not(cell: str) -> None:
    """Words that begin alike, what ends in sk-, keys of the sandbox, keys that are put together elsewhere."""
    hide("sk-sandbox")
    assert check(cell) is None


def test_a_key_of_this_session_is_known_whatever_its_shape() -> None:
    """A key that a client was given, or that a person stored, needs no prefix to be found."""
    hide("an-old-key-without-any-prefix")
    assert keys_in("x = 'an-old-key-without-any-prefix'") == ((5, 34),)


def test_keys_that_overlap_are_one() -> None:
    """A known secret inside what looks like a key is not found twice."""
    hide(KEY[3:])
    assert keys_in(f"'{KEY}'") == ((1, 1 + len(KEY)),)


def test_the_error_names_the_line_and_what_to_do_and_not_the_key() -> None:
    """One line; counting begins with the cell's first line, blank or not."""
    with pytest.raises(KeyInCellError) as caught:
        check(f"\nimport os\nos.environ['KEY'] = '{KEY}'")
    assert str(caught.value) == (
        "Line 3 of this cell holds an API key, so nothing ran. Delete the key there and run %skytells_login. "
        "If anybody else has seen this notebook, revoke the key in the Skytells console."
    )


def test_the_error_names_all_lines() -> None:
    """Two on one line are one."""
    with pytest.raises(KeyInCellError, match=r"^Lines 1, 3 and 4 of this cell hold an API key"):
        check(f"{KEY} {KEY}\n\n{KEY}\n{ORCHESTRATOR}")


def test_what_stops_a_cell_hands_on_the_others() -> None:
    """The input transformer changes nothing."""
    lines = ["x = 1\n", "y = 2\n"]
    assert stop_at_keys(lines) is lines


def test_keys_are_covered_and_the_rest_stays() -> None:
    """What is kept of a cell tells what it was about."""
    assert covered(f"a = '{KEY}'\nb = '{ORCHESTRATOR}' # sk-learn") == "a = 'sk-…'\nb = 'sk-…' # sk-learn"


@given(
    st.lists(st.one_of(st.text(max_size=5), st.sampled_from([KEY, ORCHESTRATOR, "sk-", "wfb_", "\\n", "%3D", "1m"])))
)
def test_what_was_covered_holds_no_key(pieces: list[str]) -> None:
    """Whatever stands before, after and between keys; and covering again changes nothing."""
    text = covered("".join(pieces))
    assert keys_in(text) == ()
    assert covered(text) == text


def test_short_keys_of_this_session_are_covered_in_errors_only() -> None:
    """A cell with the sandbox's key is kept as it is; a traceback shows no key at all."""
    hide("sk-sandbox")
    assert covered("Client('sk-sandbox')") == "Client('sk-sandbox')"
    assert covered_throughout("refused: sk-sandbox") == "refused: sk-…"


def test_a_key_in_a_coloured_traceback_is_covered() -> None:
    """IPython's colours put a letter before it."""
    assert covered_throughout(f"\x1b[33m{KEY}\x1b[39m") == "\x1b[33msk-…\x1b[39m"


def test_the_guard_can_be_turned_off() -> None:
    """Who writes about keys may; then nothing is covered either."""
    preferences.use(replace(PREFERRED, key_guard=False))
    check(f"x = '{KEY}'")
    assert covered(KEY) == covered_throughout(KEY) == KEY


def test_a_long_cell_is_looked_through_at_once() -> None:
    """A megabyte of what begins like keys takes no more than its length."""
    assert len(keys_in(f"{'sk-' * 300_000} {KEY}")) == 1
