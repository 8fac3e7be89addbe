"""What each magic takes: its words, options and examples. One value is its parser and its help."""

from __future__ import annotations

from typing import get_args

from ... import key_sources
from ...costs.budgets.rules import Policy
from ...costs.summing.grouping import GROUPINGS
from ..preferences import FORMATS
from .command import Option, Spec

PICTURES = ("spend", "latency", "tokens", "compare")
"""What `%skytells_usage --plot` draws."""

_OUT = Option("out", "o", str, "put the result into this variable too", "NAME")
_TAG = Option("tag", "", str, "a word to find the call by in the record", "WORD", of="tag")
_QUIET = Option("quiet", "q", None, "show nothing, as ; at the end of the line; the value is still returned")
_SHOW = Option("show", "", None, "show it, where %config SkytellsMagics.quiet says otherwise")
_FILE = Option("file", "", str, "take the text from a file, as it is, in place of lines below", "prompt.md", of="file")
_INPUT = Option(
    "input", "i", str, "inputs taken exactly as they are, whatever their names", '{"seed": 7}|{{a_dict}}', raw=True
)
_TIMEOUT = Option("timeout", "", float, "seconds to wait: for the next piece of an answer, or for a job", "60")

CHAT = Spec(
    "skytells_chat",
    sign="%%",
    summary="Ask a text model: the cell's body is the prompt, the answer streams in.",
    words=("[MODEL]",),
    of="text model",
    body="the prompt",
    options=(
        Option("system", "s", str, "how the model should behave", '"…"'),
        Option("temperature", "t", float, "0 (steady) to 2 (wild)", "0.7"),
        Option("max-tokens", "", int, "the longest answer, in tokens", "512"),
        Option("stop", "", str, "end the answer before this text", '"…"', many=True),
        Option("top-p", "", float, "choose among the likeliest words that make up this share", "0.9"),
        Option("n", "", int, "how many answers", "2"),
        Option("frequency-penalty", "", float, "-2 to 2: above 0, words that were used often come less", "0.5"),
        Option("presence-penalty", "", float, "-2 to 2: above 0, words that were used at all come less", "0.5"),
        Option("seed", "", int, "the same number asks for the same answer", "7"),
        Option(
            "reasoning",
            "",
            str,
            "how long to think first: none, low, medium, high",
            "low",
            choices=("none", "low", "medium", "high"),
        ),
        Option("image", "", str, "a picture that goes along", "PATH|LINK|{{figure}}", raw=True, many=True, of="file"),
        _FILE,
        Option(
            "format",
            "f",
            str,
            "show it as markdown, text, json, code, dataframe or html; json and dataframe are also what is given back",
            "NAME",
            choices=FORMATS,
        ),
        Option("insert", "", None, "put the answer's first block of code into a new cell; it is not run"),
        Option("thread", "", str, "a conversation that remembers", "NAME", of="thread"),
        Option("fresh", "", None, "with --thread: forget what was said in it"),
        Option(
            "api",
            "",
            str,
            "chat or responses: who remembers a thread, this kernel or the service",
            "responses",
            choices=("chat", "responses"),
        ),
        Option("quote", "", None, "say what it may cost, and show the request; ask nothing"),
        _OUT,
        _TAG,
        _TIMEOUT,
        _QUIET,
        _SHOW,
    ),
    pairs=True,
    examples=(
        "%%skytells_chat\n    What is a notebook?",
        "%%skytells_chat -f dataframe -o animals\n    Five animals with their weights, as a table.",
        '%%skytells_chat gpt-5 --thread tutor -s "Be brief." -t 0.2\n    And why do people like it?',
        "%skytells_chat --file prompt.md --image chart.png",
    ),
)
THREADS = Spec(
    "skytells_threads",
    "List the named conversations; show, rename, fork, reset, export (.md, .json, .ipynb) or import one.",
    words=("[VERB]", "[NAME]", "[NEW|FILE]"),
    verbs=("show", "rename", "fork", "reset", "export", "import"),
    of="thread",
    options=(
        Option("at", "", int, "fork: take the first turns only, so many", "3"),
        Option("all", "", None, "reset: forget all of them"),
        Option("force", "", None, "export: write over a file that is there"),
        _OUT,
    ),
    examples=(
        "%skytells_threads",
        "%skytells_threads show tutor",
        "%skytells_threads fork tutor aside --at 1",
        "%skytells_threads rename aside maths",
        "%skytells_threads export tutor tutor.json",
        "%skytells_threads import tutor.json again",
        "%skytells_threads reset maths",
    ),
)
PREDICT = Spec(
    "skytells_predict",
    "Run a media model and show the pictures, sounds or films that come back.",
    words=("MODEL",),
    of="media model",
    body="the model's main text",
    options=(
        _INPUT,
        _FILE,
        Option("quote", "", None, "say what it would cost, and show the request; run nothing"),
        Option("no-wait", "", None, "return at once; a card in the cell follows the job"),
        Option("fresh", "", None, "run and pay anew, also where this cell has run it before"),
        _OUT,
        _TAG,
        _TIMEOUT,
        _QUIET,
        _SHOW,
    ),
    pairs=True,
    inputs=True,
    examples=(
        '%skytells_predict truefusion-pro prompt="a red fox in the snow" num_outputs=2',
        "%%skytells_predict truefusion-pro aspect_ratio=16:9 -o run\n    a harbour at dawn: the body is the main text",
        '%skytells_predict truefusion-ultra prompt="the same fox, at night" image=@photos/fox.png --seed {{n + 1}}',
        "%skytells_predict truefusion-pro prompt=fox num_outputs=4 --quote",
        '%skytells_predict truefusion-video prompt="a red fox runs" --no-wait -o film',
    ),
)
JOBS = Spec(
    "skytells_jobs",
    "List the predictions whose end nobody has seen; wait for them, collect those that are ready, or cancel them.",
    words=("[resume|collect|cancel]", "[ID]"),
    verbs=("resume", "collect", "cancel"),
    options=(
        Option("all", "", None, "list those of the last seven days too; with resume or cancel: every one listed"),
        Option("refresh", "", None, "ask the service how the listed ones stand"),
        _OUT,
        _TIMEOUT,
    ),
    examples=(
        "%skytells_jobs",
        "%skytells_jobs --refresh",
        "%skytells_jobs collect -o ready",
        "%skytells_jobs cancel --all",
    ),
)
FORM = Spec(
    "skytells_form",
    "Show a form of a model's inputs; it checks them, says what they would cost, and runs them.",
    words=("MODEL",),
    of="media model",
    options=(_INPUT, _FILE, _OUT),
    pairs=True,
    inputs=True,
    examples=("%skytells_form truefusion-pro", '%skytells_form truefusion-pro prompt="a red fox" -o form'),
)
MODELS = Spec(
    "skytells_models",
    "List the models with their prices; words narrow the list, a model's own name shows its inputs.",
    words=("[WORD]", "[WORD]", "[WORD]", "[WORD]"),
    of="any model",
    options=(Option("type", "", str, "only models of this type", "image", of="type"), _OUT),
    examples=("%skytells_models", "%skytells_models fusion --type image", "%skytells_models truefusion-pro"),
)
MODEL = Spec(
    "skytells_model",
    "Show one model: its inputs with their limits, its price, and lines to copy.",
    words=("NAME",),
    of="any model",
    options=(_OUT,),
    examples=("%skytells_model truefusion-pro", "%skytells_model gpt-5 -o model"),
)
EMBED = Spec(
    "skytells_embed",
    "Turn texts into vectors: a DataFrame with a row for each line of the body, or each text of a list.",
    words=("[MODEL]", "[{{texts}}]"),
    of="vector model",
    raw_words=True,
    body="one text a line, or {{texts}}",
    options=(
        Option("dimensions", "d", int, "shorter vectors, where the model can", "256"),
        Option("quote", "", None, "say what it would cost; send nothing"),
        _OUT,
        _TAG,
        _TIMEOUT,
        Option("quiet", "q", None, "no line about the call; with -o, show nothing"),
        _SHOW,
    ),
    examples=(
        "%%skytells_embed -o vectors\n    a red fox\n    a blue car",
        "%skytells_embed skytells-embed-3-small {{texts}} --dimensions 256",
        '%skytells_embed {{frame["review"]}} --quote',
    ),
)
USAGE = Spec(
    "skytells_usage",
    "Load the record of calls as a DataFrame: tokens, seconds, cost.",
    options=(
        Option(
            "by",
            "",
            str,
            "sum up by model, api, day, tag, status, cell, notebook, or several",
            "model,day",
            choices=GROUPINGS,
            several=True,
        ),
        Option("last", "", str, "only the last 30m, 12h, 7d or 2w", "7d"),
        Option("since", "", str, "only from this day or moment on (UTC)", "2026-03-01"),
        Option("until", "", str, "only before this day or moment (UTC)", "2026-04-01"),
        Option("model", "", str, "only this model", "MODEL", of="any model"),
        Option("tag", "", str, "only the calls with this tag", "WORD", of="tag"),
        Option("here", "", None, "only what this notebook called"),
        Option("all", "", None, "live and sandbox calls together"),
        Option(
            "plot",
            "",
            str,
            "draw spend, latency, tokens or compare, instead of showing the frame",
            "spend",
            choices=PICTURES,
        ),
        Option(
            "export",
            "",
            str,
            "write the calls to a .csv, .json, .jsonl or .parquet file instead",
            "costs.csv",
            of="file",
        ),
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
    body="the code",
    code=True,
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
    verbs=("off",),
    options=(
        Option("per-call", "", str, "the most that one call may cost", "0.25"),
        Option(
            "unknown",
            "",
            str,
            "what becomes of calls without a known bound: allow, ask or refuse",
            "ask",
            choices=get_args(Policy),
        ),
        Option("tag", "", str, "count only calls with this tag; holds beside the others", "WORD", of="tag"),
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
    verbs=("stop",),
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
        Option(
            "from",
            "",
            str,
            "use the key of env, keyring, file, colab, kaggle or dotenv, or ask: prompt",
            "env",
            choices=(*key_sources.SOURCES, "prompt"),
        ),
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

ALL = (CHAT, THREADS, PREDICT, JOBS, FORM, MODELS, MODEL, EMBED, USAGE, METER, BUDGET, SANDBOX, STATUS, LOGIN)
