"""Loading and unloading leave a shell as it was, in a kernel, a plain shell and a terminal, and keep keys out of it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

import skytells_nb
from skytells_nb.local import Sandbox
from tests.kernels import Kernel, running_kernel

KEY = "sk-" + "7f3aK9dQ2mZx81LpR4vWnB6cTyHs0EuJ"

# All that a shell holds of others: lists by the identity of what is in them, objects by what was set on them.
SNAPSHOT = """
def snapshot():
    import builtins, sys
    shell, one = get_ipython(), lambda things: [id(thing) for thing in things]
    own = lambda thing: {name: id(value) for name, value in vars(thing).items() if callable(value)}
    magics, parts = shell.magics_manager, (shell, shell.history_manager, shell.logger, shell.display_pub)
    formatters = shell.display_formatter.formatters.values()
    return {
        "magics": {kind: {name: repr(f) for name, f in held.items()} for kind, held in magics.magics.items()},
        "registry": sorted(magics.registry),
        "configurables": one(shell.configurables),
        "cleanup": one(shell.input_transformers_cleanup),
        "post": one(shell.input_transformers_post),
        "lines": one(shell.input_transformer_manager.line_transforms),
        "tokens": one(shell.input_transformer_manager.token_transformers),
        "trees": one(shell.ast_transformers),
        "events": {name: [repr(each) for each in held] for name, held in shell.events.callbacks.items()},
        "own": [own(each) for each in parts],
        "errors": [repr(shell.custom_exceptions), shell.CustomTB.__qualname__],
        "completers": [repr(each) for each in shell.Completer.matchers] + one(shell.Completer.custom_matchers),
        "hooks": {name: repr(each) for name, each in vars(shell.hooks).items()} if hasattr(shell, "hooks") else {},
        "drawn": [[*f.type_printers, *f.deferred_printers, *f.singleton_printers] for f in formatters],
        "python": [repr(each) for each in (sys.excepthook, sys.displayhook, sys.stdout, builtins.input)],
        "names": sorted(name for name in shell.user_ns if not name.startswith("_")),
    }
def differences():
    after = snapshot()
    return {name: [before[name], after[name]] for name in before if before[name] != after[name]}
for kind, held in get_ipython().magics_manager.magics.items():  # IPython loads some of its own when they are used
    for name in list(held):
        get_ipython().find_magic(name, kind)
get_ipython().run_line_magic("load_ext", "autoreload"), get_ipython().run_line_magic("autoreload", "0")
before = None
before = snapshot()
"""
LIFE = (
    "%load_ext skytells_nb",
    "%load_ext skytells_nb",
    "%reload_ext skytells_nb",
    "%config SkytellsMagics.window = 99",
    "%skytells_status --help",
    f"x = '{KEY}'",
    "%unload_ext skytells_nb",
)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the package, to be changed on disk."""
    copy = tmp_path_factory.mktemp("copied") / "skytells_nb"
    shutil.copytree(Path(skytells_nb.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


@pytest.fixture(scope="module")
def kernel(shared_sandbox: Sandbox, package: Path) -> Iterator[Kernel]:
    """Yield a kernel in which nothing is loaded yet, and which imports the copy."""
    with running_kernel(
        SKYTELLS_NB_SANDBOX=shared_sandbox.url,
        SKYTELLS_NB_LEDGER=str(package.parent / "ledger.sqlite3"),
        PYTHONPATH=str(package.parent),
    ) as running:
        assert running.run(SNAPSHOT).status == "ok"
        yield running


def test_a_kernel_is_after_unloading_as_it_was_before_loading(kernel: Kernel) -> None:
    """Loaded twice, reloaded, configured, used, unloaded: magics, hooks, transformers, methods, displays."""
    assert [kernel.run(code).status for code in LIFE] == [*["ok"] * 5, "error", "ok"]
    assert kernel.run("differences()").text == "{}"
    assert (
        kernel.run("%skytells_status").error.startswith("UsageError")
        or "not found" in kernel.run("%skytells_status").stderr
    )


def test_what_is_read_after_unloading_are_the_defaults(kernel: Kernel) -> None:
    """Forms and clients no longer follow magics that are gone; IPython itself keeps what %config said for a reload."""
    look = (
        "from skytells_nb.notebook import preferences as p; print(p.current() == p.Preferences(), p.current().window)"
    )
    kernel.run("%load_ext skytells_nb\n%config SkytellsMagics.window = 99\n%unload_ext skytells_nb")
    assert kernel.run(look).stdout == "True 16000\n"
    kernel.run("%load_ext skytells_nb")
    assert kernel.run(look).stdout == "False 99\n"


def test_what_config_was_refused_does_not_stand_in_the_way_of_loading(kernel: Kernel) -> None:
    """IPython keeps that too; it is told and left out, and what was taken beside it holds."""
    kernel.run("%load_ext skytells_nb\n%config SkytellsMagics.window = -1\n%config SkytellsMagics.quiet = True")
    ran = kernel.run("%reload_ext skytells_nb\n%config SkytellsMagics.window\n%config SkytellsMagics.quiet")
    assert (ran.status, ran.stdout) == ("ok", "16000\nTrue\n") or ran.result == {"text/plain": "True"}
    assert "RuntimeWarning: SkytellsMagics.window is left as it was: window cannot be below 0." in ran.stderr


def test_a_cell_with_a_key_fails_in_one_line_and_leaves_no_trace_of_it(kernel: Kernel) -> None:
    """It did not run; `In`, `_i`, %history and the last result know the cell without the key."""
    kernel.run("%load_ext skytells_nb")
    ran = kernel.run(f"import os\nos.environ['SKYTELLS_API_KEY'] = '{KEY}'; ran = True")
    assert (ran.status, ran.stdout) == ("error", "")
    assert ran.error == (
        "KeyInCellError: Line 2 of this cell holds an API key, so nothing ran. Delete the key there and run "
        "%skytells_login. If anybody else has seen this notebook, revoke the key in the Skytells console."
    )
    kept = kernel.run(
        "print('ran' in globals(), In, _i, _ii, _ih, get_ipython().last_execution_result)\n%history -r\n%tb"
    )
    assert kept.stdout.startswith("False")
    assert "os.environ['SKYTELLS_API_KEY'] = 'sk-…'" in kept.stdout
    assert KEY not in kept.stdout + kept.stderr + kept.error


@pytest.mark.parametrize(
    "cell",
    [f"%env SKYTELLS_API_KEY={KEY}", f"%%bash\necho {KEY}", f"!echo {KEY}", f"%%skytells_chat\nIs {KEY} a key?"],
)
def test_a_key_is_caught_in_every_kind_of_cell(kernel: Kernel, cell: str) -> None:
    """Before the magic, the shell or the service sees it."""
    kernel.run("%load_ext skytells_nb")
    ran = kernel.run(cell)
    assert ran.error.startswith("KeyInCellError: Line ")
    assert KEY not in ran.stdout + ran.stderr


def test_another_library_s_error_shows_no_key_that_is_known(kernel: Kernel) -> None:
    """Its text and the values that %xmode Verbose shows are covered, and what %tb shows later."""
    kernel.run("%load_ext skytells_nb")
    kernel.run(
        "import skytells_nb as sky\nhalves = 'a-key-of-another', '-shape-1234567'\n"
        "client = sky.Client(api_key=''.join(halves))"
    )
    ran = kernel.run("def ask(key): raise ValueError(f'refused: {key}')\n%xmode Verbose\nask(''.join(halves))")
    assert "ValueError: refused: sk-…" in ran.error.replace("\x1b[31m", "").replace("\x1b[39m", "")
    later = kernel.run("%tb")
    assert "a-key-of-another-shape-1234567" not in ran.error + later.error + later.stdout + later.stderr
    # Its error is to abort nothing that is sent right after it.
    reply = kernel.client.execute("ask(''.join(halves))", reply=True, timeout=60, stop_on_error=False)["content"]
    assert (reply["ename"], reply["evalue"]) == ("ValueError", "refused: sk-…")
    assert "a-key-of-another-shape-1234567" not in str(reply)


def test_the_guard_can_be_turned_off(kernel: Kernel) -> None:
    """%config SkytellsMagics.key_guard = False: the cell runs."""
    kernel.run("%load_ext skytells_nb\n%config SkytellsMagics.key_guard = False")
    ran = kernel.run(f"print(len('{KEY}'))")
    assert (ran.status, ran.error, ran.stdout) == ("ok", "", "35\n")
    kernel.run("%config SkytellsMagics.key_guard = True")
    assert kernel.run(f"print(len('{KEY}'))").status == "error"


def test_autoreload_leaves_what_is_loaded_working(kernel: Kernel, package: Path) -> None:
    """%autoreload 2, and our package changes on disk: what is new is there, the session stays, and it still unloads."""
    kernel.run("%load_ext skytells_nb\n%autoreload 2\nimport skytells_nb as sky\n%skytells_sandbox")
    changed = ("guard.py", "magics/guarding.py", "magics/tab.py", "cell.py", "page.py")
    for module in (f"notebook/{name}" for name in changed):
        with (package / module).open("a") as file:
            file.write("\n\ndef added() -> int:\n    return 7\n")
        os.utime(package / module, (time.time() + 5, time.time() + 5))
    assert kernel.run("from skytells_nb.notebook import guard; print(guard.added())").stdout == "7\n"
    ran = kernel.run("%%skytells_chat -q -o reply\nhello")
    assert (ran.error, ran.stderr) == ("", "")
    assert "sandbox: nothing is billed" in kernel.run("%skytells_status").text
    assert kernel.run(f"x = '{KEY}'").error.startswith("KeyInCellError")
    assert kernel.run("%autoreload 0\n%unload_ext skytells_nb").status == "ok"
    assert kernel.run("print(set(differences()) - {'names', 'events'})").stdout == "set()\n"


def test_a_cell_s_thread_can_call_and_show(kernel: Kernel) -> None:
    """Clients and magics work in a thread of the person's own."""
    kernel.run("%load_ext skytells_nb\n%skytells_sandbox\nimport skytells_nb as sky, threading")
    code = (
        "def work():\n"
        "    with sky.Client() as client:\n"
        "        print(client.chat('hi').text != '', end=' ')\n"
        "    print(type(get_ipython().run_cell_magic('skytells_chat', '-q', 'hi')).__name__)\n"
        "thread = threading.Thread(target=work); thread.start(); thread.join()"
    )
    assert kernel.run(code).stdout == "True Reply\n"


PLAIN = """
import asyncio, sys, threading
import skytells_nb as sky
sky.sandbox()
def ask():
    with sky.Client() as client:
        return client.chat("hi").text != ""
async def ask_async():
    async with sky.AsyncClient() as client:
        return (await client.chat("hi")).text != ""
said = [ask()]
thread = threading.Thread(target=lambda: said.append(ask())); thread.start(); thread.join()
said += [asyncio.run(ask_async()), asyncio.run(ask_async()), ask()]
print(said, "IPython" in sys.modules)
"""


def test_a_script_without_ipython_or_a_loop_calls_as_well(shared_sandbox: Sandbox, tmp_path: Path) -> None:
    """Before any event loop, in a thread, in one loop after another, and after them."""
    env = {**os.environ, "SKYTELLS_NB_SANDBOX": shared_sandbox.url, "SKYTELLS_NB_LEDGER": str(tmp_path / "l.sqlite3")}
    ran = subprocess.run([sys.executable, "-c", PLAIN], capture_output=True, text=True, env=env, check=True)
    assert (ran.stdout, ran.stderr) == ("[True, True, True, True, True] False\n", "")


def test_a_plain_shell_is_after_unloading_as_it_was_before_loading() -> None:
    """An `InteractiveShell` without a kernel, as other programs embed it."""
    code = (
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance()\n"
        f"for cell in {[SNAPSHOT, *LIFE, 'print(differences())']!r}: shell.run_cell(cell, store_history=True)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "{}"


def test_a_terminal_keeps_no_key_in_its_history_or_its_log(tmp_path: Path, shared_sandbox: Sandbox) -> None:
    """In a real terminal: the key is typed at the hidden prompt, and one in a line is neither on disk nor recalled."""
    history, log, config = tmp_path / "history.sqlite", tmp_path / "log.py", tmp_path / "config"
    environment = {
        **os.environ,
        "SKYTELLS_BASE_URL": shared_sandbox.url,
        "SKYTELLS_API_KEY": "sk-sandbox-revoked",
        "XDG_CONFIG_HOME": str(config),
        "IPYTHONDIR": str(tmp_path / "ipython"),
        "PROMPT_TOOLKIT_NO_CPR": "1",
        "NO_COLOR": "1",
    }
    options = ["-m", "IPython", "--no-banner", "--no-confirm-exit", f"--HistoryManager.hist_file={history}"]
    terminal = pexpect.spawn(
        sys.executable, options, env=environment, cwd=tmp_path, encoding="utf-8", dimensions=(50, 400), timeout=30
    )

    def typed(line: str, expected: str) -> str:
        terminal.send(line + "\r")
        terminal.expect(expected)
        return str(terminal.before + terminal.after)

    terminal.expect(r"In \[")
    typed("%load_ext skytells_nb", r"In \[")
    typed(f"%logstart -o -r {log}", r"State +: active")
    typed(f"key = '{KEY}'", r"KeyInCellError: Line 1 of this cell holds an API key")
    typed("print('key' in globals())", r"False\r")
    typed("%skytells_login --file", r"does not work: .*Skytells API key \(not shown\): ")
    secret = "sk-sandbox-" + "typed"
    said = typed(secret, r"readable by you only\. SKYTELLS_API_KEY holds another key[^\r]*")
    assert secret not in said
    typed("%history -g", r"key = 'sk-…'")
    terminal.send("\x04")
    terminal.expect(pexpect.EOF)
    assert (config / "skytells_nb" / "key").read_text() == f"{secret}\n"
    assert "key = 'sk-…'" in log.read_text()
    with sqlite3.connect(history) as record:
        kept = "".join(line for (line,) in record.execute("SELECT source_raw FROM history"))
    record.close()
    assert "key = 'sk-…'" in kept
    for file in [path for path in tmp_path.rglob("*") if path.is_file()]:
        assert KEY.encode() not in file.read_bytes(), file
