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
        Option("by", "", str, "sum up by model, api, day, tag, status or cell", "model"),
        Option("last", "", str, "only the last 30m, 12h, 7d or 2w", "7d"),
        Option("model", "", str, "only this model", "MODEL"),
        _TAG,
        Option("all", "", None, "live and sandbox calls together"),
        _OUT,
    ),
    examples=("%skytells_usage", "%skytells_usage --by model --last 1d -o costs"),
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
    "Ask for the API key without showing it, try it, and store it for this user.",
    examples=("%skytells_login",),
)

ALL = (CHAT, PREDICT, FORM, MODELS, USAGE, SANDBOX, STATUS, LOGIN)
