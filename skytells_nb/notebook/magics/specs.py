"""What each magic takes: its words, options and examples. One value is its parser and its help."""

from __future__ import annotations

from .command import Option, Spec

_OUT = Option("out", "o", str, "put the result into this variable too", "NAME")
_TAG = Option("tag", "", str, "a word to find the call by in the record", "WORD")
_QUIET = Option("quiet", "q", None, "show nothing; the value is still returned")
_INPUT = Option(
    "input", "i", str, "inputs taken exactly as they are, whatever their names", '{"seed": 7}|{{a_dict}}', raw=True
)
_TIMEOUT = Option("timeout", "", float, "seconds to wait: for the next piece of an answer, or for a job", "60")

CHAT = Spec(
    "skytells_chat",
    sign="%%",
    summary="Ask a text model: the cell's body is the prompt, the answer streams in.",
    words=("[MODEL]",),
    options=(
        Option("system", "s", str, "how the model should behave", '"…"'),
        Option("temperature", "t", float, "0 (steady) to 2 (wild)", "0.7"),
        Option("max-tokens", "", int, "the longest answer, in tokens", "512"),
        Option("stop", "", str, "end the answer before this text", '"…"'),
        Option("thread", "", str, "a conversation that remembers", "NAME"),
        Option("api", "", str, "chat or responses: who remembers a thread, this kernel or the service", "responses"),
        Option("quote", "", None, "say what it may cost, and show the request; ask nothing"),
        _OUT,
        _TAG,
        _TIMEOUT,
        _QUIET,
    ),
    pairs=True,
    examples=(
        "%%skytells_chat\n    What is a notebook?",
        '%%skytells_chat gpt-5 --thread tutor -s "Be brief." -t 0.2\n    And why do people like it?',
    ),
)
THREADS = Spec(
    "skytells_threads",
    "List the named conversations; show, rename, fork, reset, export (.md, .json, .ipynb) or import one.",
    words=("[VERB]", "[NAME]", "[NEW|FILE]"),
    options=(
        Option("at", "", int, "fork: take the first turns only, so many", "3"),
        Option("all", "", None, "reset: forget all of them"),
        Option("force", "", None, "export: write over a file that is there"),
        _OUT,
    ),
    examples=(
        "%skytells_threads",
        "%skytells_threads show tutor",
        "%skytells_threads rename tutor maths",
        "%skytells_threads fork tutor aside --at 3",
        "%skytells_threads reset tutor",
        "%skytells_threads export tutor tutor.ipynb",
        "%skytells_threads import tutor.json",
    ),
)
PREDICT = Spec(
    "skytells_predict",
    "Run a media model and show the pictures, sounds or films that come back.",
    words=("MODEL",),
    options=(_INPUT, Option("quote", "", None, "say what it would cost; run nothing"), _OUT, _TAG, _TIMEOUT, _QUIET),
    pairs=True,
    examples=(
        '%skytells_predict truefusion-pro prompt="a red fox in the snow" num_outputs=2',
        "%%skytells_predict truefusion-pro aspect_ratio=16:9 -o run\n    the body is the model's main text",
        "%skytells_predict MODEL image=@photos/fox.png seed={{n + 1}}",
    ),
)
FORM = Spec(
    "skytells_form",
    "Show a form of a model's inputs; it checks them, says what they would cost, and runs them.",
    words=("MODEL",),
    options=(_INPUT, _OUT),
    pairs=True,
    examples=("%skytells_form truefusion-pro", '%skytells_form truefusion-pro prompt="a red fox" -o form'),
)
MODELS = Spec(
    "skytells_models",
    "List the models with their prices; words narrow the list, a model's own name shows its inputs.",
    words=("[WORD]", "[WORD]", "[WORD]", "[WORD]"),
    options=(Option("type", "", str, "only models of this type", "image"), _OUT),
    examples=("%skytells_models", "%skytells_models fusion --type image", "%skytells_models truefusion-pro"),
)
USAGE = Spec(
    "skytells_usage",
    "Load the record of calls as a DataFrame: tokens, seconds, cost.",
    options=(
        Option("by", "", str, "sum up by model, api, day, tag, status, cell, notebook, or several", "model,day"),
        Option("last", "", str, "only the last 30m, 12h, 7d or 2w", "7d"),
        Option("since", "", str, "only from this day or moment on (UTC)", "2026-03-01"),
        Option("until", "", str, "only before this day or moment (UTC)", "2026-04-01"),
        Option("model", "", str, "only this model", "MODEL"),
        Option("tag", "", str, "only the calls with this tag", "WORD"),
        Option("here", "", None, "only what this notebook called"),
        Option("all", "", None, "live and sandbox calls together"),
        Option("plot", "", str, "draw spend, latency, tokens or compare, instead of showing the frame", "spend"),
        Option("export", "", str, "write the calls to a .csv, .json, .jsonl or .parquet file instead", "costs.csv"),
        _OUT,
    ),
    examples=(
        "%skytells_usage",
        "%skytells_usage --by model,day --last 7d -o costs",
        "%skytells_usage --by cell --here",
        "%skytells_usage --plot spend --last 30d",
    ),
)
METER = Spec(
    "skytells_meter",
    sign="%%",
    summary="Run a cell and show what its calls took and cost; %skytells_meter alone shows the last meter again.",
    options=(
        Option("out", "o", str, "put the meter into this variable, before the cell runs", "NAME"),
        Option("quiet", "q", None, "do not show the meter"),
    ),
    examples=(
        '%%skytells_meter\n    replies = [client.chat(word) for word in ("one", "two")]',
        "%%skytells_meter -o m -q\n    %skytells_predict truefusion prompt=fox",
    ),
)
BUDGET = Spec(
    "skytells_budget",
    "Limit what may be spent, in USD: a call over it is refused before it is sent. Alone: show how it stands.",
    words=("[AMOUNT|off]",),
    options=(
        Option("per-call", "", str, "the most that one call may cost", "0.25"),
        Option("unknown", "", str, "what becomes of calls without a known bound: allow, ask or refuse", "ask"),
        Option("tag", "", str, "count only calls with this tag; holds beside the others", "WORD"),
        Option("name", "", str, "keep it with the record, for all kernels, also after a restart", "NAME"),
        Option("fresh", "", None, "begin a named one at zero"),
        _OUT,
    ),
    examples=(
        "%skytells_budget 2.00 --per-call 0.25",
        "%skytells_budget 20 --name lesson --unknown ask",
        "%skytells_budget --name lesson",
        "%skytells_budget off",
    ),
)
SANDBOX = Spec(
    "skytells_sandbox",
    "Go offline: use a local Skytells that needs no key and bills nothing. `stop` goes back.",
    words=("[stop]",),
    examples=("%skytells_sandbox", "%skytells_sandbox stop"),
)
STATUS = Spec(
    "skytells_status",
    "Show which service and key are used, where the record is, and what was spent.",
    examples=("%skytells_status",),
)
LOGIN = Spec(
    "skytells_login",
    "Try the API key that is found; where there is none, ask for it without showing it, and store it for this user.",
    options=(
        Option("from", "", str, "use the key of env, keyring, file, colab, kaggle or dotenv, or ask: prompt", "env"),
        Option("keyring", "", None, "store it in the system's keyring (the default, where there is one)"),
        Option("file", "", None, "store it in a file that only you can read"),
        Option("forget", "", None, "remove what is stored"),
    ),
    examples=(
        "%skytells_login",
        "%skytells_login --from colab",
        "%skytells_login --from prompt --keyring",
        "%skytells_login --forget",
    ),
)

ALL = (CHAT, THREADS, PREDICT, FORM, MODELS, USAGE, METER, BUDGET, SANDBOX, STATUS, LOGIN)
