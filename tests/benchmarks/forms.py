"""Measure forms: how long they take to build beside the bare widgets and beside ipyautoui, and what a keystroke takes.

    python tests/benchmarks/forms.py         two minutes; part of what run.py prints

Ours are built in a real kernel, whose comms carry every widget to the front end; seconds are CPU seconds of the whole
kernel, its sending thread included. "By hand" are the same widgets: of the same classes, with the same texts, options
and children, made by plain calls; "empty" are as many of the same classes, made without arguments. ipyautoui is asked
beside ours in plain processes, without a kernel; `IPYAUTOUI_PYTHON` names a Python that has it, where this one has not.
Rounds alternate; figures are medians.
"""

from __future__ import annotations

import gc
import importlib
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle, permutations
from pathlib import Path
from typing import Any

SMALL, LARGE = 30, 73
"""Fields of a schema: many, and as many as the largest that is known has."""
ROUNDS, WARM_UP, FIRSTS, KEYS = 11, 2, 3, 300
RATIO, LARGEST, KEYSTROKE = 1.5, 0.5, 0.005
"""The targets: times the bare widgets, CPU seconds of the large form, seconds of a keystroke."""

Plan = list[tuple[type, dict[str, Any], list[int]]]
"""Widgets to make in order: the class, its arguments, and which of those before it are its children."""

_MODES = ["fast", "balanced", "best"]
_KINDS: dict[str, dict[str, Any]] = {
    "steps": {"type": "integer", "minimum": 1, "maximum": 100, "default": 28},
    "guidance": {"type": "number", "minimum": 0, "maximum": 20, "default": 7.5},
    "format": {"type": "string", "enum": ["webp", "jpg", "png"], "default": "webp"},
    "image": {"type": "string", "format": "uri"},
    "strength": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.8},
    "safe": {"type": "boolean", "default": True},
    "seed": {"type": "integer"},
    "negative_prompt": {"type": "string", "default": ""},
    "mode": {"allOf": [{"$ref": "#/$defs/Mode"}], "default": "balanced"},
    "size": {"type": "integer", "enum": [512, 768, 1024], "default": 1024},
    "words": {"type": "array", "items": {"type": "string"}, "default": []},
    "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
    "style": {"type": "string", "default": "line one\nline two", "maxLength": 500},
    "references": {"type": "array", "items": {"type": "string", "format": "uri"}, "maxItems": 5},
}


def schema_of(count: int) -> dict[str, Any]:
    """Make an input schema of so many fields, in the mixture that media models have; one is required."""
    about = "What this input does, told in a sentence as long as such sentences are, so that it must be laid out."
    properties: dict[str, Any] = {"prompt": {"type": "string", "title": "Prompt", "description": about, "x-order": 0}}
    for order, (name, kind) in zip(range(1, count), cycle(_KINDS.items()), strict=False):
        named = {"title": f"{name.replace('_', ' ').capitalize()} {order}", "description": about, "x-order": order}
        properties[f"{name}_{order}"] = kind | named
    modes = {"title": "Mode", "type": "string", "enum": _MODES}
    return {
        "title": "Input",
        "type": "object",
        "properties": properties,
        "required": ["prompt"],
        "$defs": {"Mode": modes},
    }


def ours(count: int, *, unfolded: bool) -> Any:
    """Make our form with its widgets, Run, price and gallery included."""
    from skytells_nb.api.values import Model
    from skytells_nb.notebook.forms.form import Form

    pricing = {"amount": 0.04, "currency": "USD", "unit": "image"}
    form = Form(
        Model.from_json({"namespace": "bench", "type": "image", "pricing": pricing, "input_schema": schema_of(count)})
    )
    _ = form.widget
    if unfolded:
        next(widget for widget in _made() if "skytells-more" in getattr(widget, "_dom_classes", ())).value = True
    return form


def theirs(count: int) -> Any:
    """Make ipyautoui's form."""
    from ipyautoui import AutoUi

    return AutoUi(schema_of(count))


def _made() -> list[Any]:
    """List the widgets that were made since `_keep`, in their order."""
    from ipywidgets.widgets import widget

    return [each for name, each in widget._instances.items() if name not in _standing]


def _keep() -> None:
    """Let the widgets stand that there are: a package may have some of its own."""
    from ipywidgets.widgets import widget

    _standing.update(widget._instances)


def _clear() -> None:
    """Close the others."""
    for each in _made():
        each.close()


_standing: set[str] = set()


def _plan() -> Plan:
    """Write down how to make the widgets that there are by hand."""
    from ipywidgets import DOMWidget

    empty: dict[type, Any] = {}
    plan: Plan = []
    places: dict[str, int] = {}

    def add(made: Any) -> int:
        if made.model_id not in places:
            children = [add(child) for child in getattr(made, "children", ())]
            plan.append((type(made), arguments(made), children))
            places[made.model_id] = len(plan) - 1
        return places[made.model_id]

    def arguments(made: Any) -> dict[str, Any]:
        kind = type(made)
        if kind not in empty:
            empty[kind] = kind()
        names = [name for name in made.keys if name not in _IMPLIED] + [
            name for name in ("options", "value") if hasattr(made, name)
        ]
        return {name: getattr(made, name) for name in names if getattr(made, name) != getattr(empty[kind], name)}

    for made in [each for each in _made() if isinstance(each, DOMWidget)]:
        add(made)
    for each in empty.values():
        each.close()
    return plan


_IMPLIED = {"layout", "style", "children", "index", "_options_labels", "_view_count"}
"""What a widget makes itself, or the plan holds apart."""


def by_hand(plan: Plan) -> list[Any]:
    """Make the widgets of a plan, with their texts, options and children."""
    made: list[Any] = []
    for kind, arguments, children in plan:
        inside = {"children": [made[place] for place in children]} if children else {}
        made.append(kind(**arguments, **inside))
    return made


def empty(plan: Plan) -> list[Any]:
    """Make as many widgets of the same classes, without arguments."""
    return [kind() for kind, _, _ in plan]


_plans: dict[tuple[int, bool], Plan] = {}


def timed(task: str, count: int, unfolded: bool) -> dict[str, float]:
    """Do a task once; give its seconds by the wall and by the CPU of this process, and how many widgets it made."""
    if task == "theirs" and not _standing:
        theirs(1)
        _keep()
    _clear()
    if task in ("by hand", "empty") and (count, unfolded) not in _plans:
        ours(count, unfolded=unfolded)
        _plans[count, unfolded] = _plan()
        _clear()
    tasks: dict[str, Callable[[], Any]] = {
        "ours": lambda: ours(count, unfolded=unfolded),
        "by hand": lambda: by_hand(_plans[count, unfolded]),
        "empty": lambda: empty(_plans[count, unfolded]),
        "theirs": lambda: theirs(count),
    }
    gc.collect()
    begun, worked = time.perf_counter(), time.process_time()
    kept = tasks[task]()
    sys.stdout.flush()  # in a kernel: until the sending thread has sent it all
    ended, done = time.perf_counter(), time.process_time()
    found = {"wall": ended - begun, "cpu": done - worked, "widgets": len(_made())}
    del kept
    _clear()
    return found


def classes(count: int, unfolded: bool) -> str:
    """Say what our form is made of."""
    _clear()
    ours(count, unfolded=unfolded)
    kinds = Counter(type(each).__name__ for each in _made())
    _clear()
    return ", ".join(f"{number} {kind}" for kind, number in kinds.most_common())


def keystrokes(count: int) -> dict[str, float]:
    """Type into an unfolded form with every input set; give the median seconds of all it does, and of the judge."""
    _clear()
    form = ours(count, unfolded=True)
    form.set(**{name: _sample(name) for name in schema_of(count)["properties"]})
    words = _box("Prompt")
    number = _box("Steps 1")
    texts = [f"a fox in the snow, {step}" for step in range(KEYS)]
    numbers = [str(step % 100 + 1) if step % 2 else str(1000 + step) for step in range(KEYS)]
    drafts = [{**form.values, "prompt": text} for text in texts]
    found = {
        "text": _median(lambda: (setattr(words, "value", texts.pop()), sys.stdout.flush())),
        "number": _median(lambda: (setattr(number, "value", numbers.pop()), sys.stdout.flush())),
        "judge": _median(lambda: form.checker.problems(drafts.pop())),
    }
    assert form.values["prompt"] == "a fox in the snow, 0"
    assert (form.values["steps_1"], [problem.path for problem in form.problems]) == (1000, ["steps_1"])
    return found


def _sample(name: str) -> object:
    """Give a value that an input may have, other than its default."""
    link = "https://example.com/picture.png"
    kind = _KINDS.get(name.rpartition("_")[0], {})
    if "enum" in kind or "allOf" in kind:
        return kind.get("enum", _MODES)[0]
    if kind.get("type") == "array":
        return [link, link] if "references" in name else ["red", "blue"]
    samples: dict[str, object] = {"integer": 7, "number": 0.25, "boolean": False}
    return link if kind.get("format") == "uri" else samples.get(kind.get("type", ""), "a word")


def _box(label: str) -> Any:
    from ipywidgets import Text, Textarea

    return next(
        widget for widget in _made() if isinstance(widget, Text | Textarea) and widget.description.startswith(label)
    )


def _median(act: Callable[[], object]) -> float:
    gc.collect()
    took: list[float] = []
    for _ in range(KEYS):
        begun = time.perf_counter()
        act()
        took.append(time.perf_counter() - begun)
    return statistics.median(took)


def first(count: int) -> dict[str, float]:
    """Give the CPU seconds of a kernel's first form, and before it of what is imported for it."""
    moments = [time.process_time()]
    for module in ("form", "face"):
        importlib.import_module(f"skytells_nb.notebook.forms.{module}")
    moments.append(time.process_time())
    importlib.import_module("jsonschema")  # slow with rfc3987-syntax, which comes with JupyterLab
    moments.append(time.process_time())
    ours(count, unfolded=False)
    sys.stdout.flush()
    moments.append(time.process_time())
    return dict(zip(("imports", "jsonschema", "form"), map(float.__sub__, moments[1:], moments), strict=True))


Ask = Callable[[str], Any]
"""Evaluates an expression in another process, where this module is `forms`, and gives what it is."""


@contextmanager
def kernel() -> Iterator[Ask]:
    """Start a real kernel to ask."""
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from kernels import running_kernel

    with running_kernel() as running:

        def ask(expression: str) -> Any:
            ran = running.run(f"print(json.dumps({expression}))", timeout=120)
            assert ran.status == "ok", ran.error
            return json.loads(ran.stdout)

        begun = running.run(f"import sys, json; sys.path.insert(0, {str(Path(__file__).parent)!r}); import forms")
        assert begun.status == "ok", begun.error
        yield ask


@contextmanager
def process(python: str) -> Iterator[Ask]:
    """Start a plain Python to ask."""
    command = [python, "-W", "ignore", __file__, "--answer"]
    with subprocess.Popen(command, stdin=-1, stdout=-1, text=True) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        to, back = running.stdin, running.stdout

        def ask(expression: str) -> Any:
            to.write(f"{expression}\n")
            to.flush()
            return json.loads(back.readline())

        yield ask
        to.close()


def answer() -> None:
    """Evaluate each line of the standard input and print what it is: the other end of `process`."""
    import forms

    out, sys.stdout = sys.stdout, sys.stderr  # whatever else is printed is no answer
    for line in sys.stdin:
        print(json.dumps(eval(line, {"forms": forms})), file=out, flush=True)


def in_turn(asks: dict[str, tuple[Ask, str]]) -> dict[str, dict[str, float]]:
    """Ask in turn, in changing order; give the medians of each."""
    found: dict[str, list[dict[str, float]]] = {name: [] for name in asks}
    orders = cycle(permutations(asks))
    for number in range(-WARM_UP, ROUNDS):
        for name in next(orders):
            ask, expression = asks[name]
            told = ask(expression)
            if number >= 0:
                found[name].append(told)
    return {
        name: {key: statistics.median(each[key] for each in rounds) for key in rounds[0]}
        for name, rounds in found.items()
    }


def _verdict(figure: float, target: float, unit: str) -> str:
    scale = 1e3 if unit == "ms" else 1
    return f"{target * scale:g}{unit} {'PASS' if figure <= target else 'short of it'}"


def _building(ask: Ask, count: int, unfolded: bool) -> str:
    names = ("ours", "by hand", "empty")
    asks = {name: (ask, f"forms.timed({name!r}, {count}, {unfolded})") for name in names}
    found = in_turn(asks)
    ms = {name: found[name]["cpu"] * 1e3 for name in names}
    ratio = ms["ours"] / ms["by hand"]
    what = f"    {count} fields, {'all unfolded' if unfolded else 'as it opens'}"
    verdicts = [_verdict(ratio, RATIO, "x")] if count == SMALL else [_verdict(ms["ours"] / 1e3, LARGEST, "ms")]
    return (
        f"{what:<32}{found['ours']['widgets']:5.0f} widgets {ms['ours']:8.1f} ms   by hand {ms['by hand']:7.1f} ms"
        f" {ratio:5.2f}x   empty {ms['empty']:7.1f} ms {ms['ours'] / ms['empty']:5.2f}x  {' '.join(verdicts)}"
    )


def _autoui() -> str | None:
    """Name a Python that has ipyautoui; None where there is none."""
    return sys.executable if importlib.util.find_spec("ipyautoui") else os.environ.get("IPYAUTOUI_PYTHON")


def _beside(python: str) -> list[str]:
    lines = []
    with process(sys.executable) as here, process(python) as there:
        version = there("__import__('importlib.metadata').metadata.version('ipyautoui')")
        for count in (SMALL, LARGE):
            found = in_turn(
                {
                    "opens": (here, f"forms.timed('ours', {count}, False)"),
                    "unfolded": (here, f"forms.timed('ours', {count}, True)"),
                    "ipyautoui": (there, f"forms.timed('theirs', {count}, True)"),
                }
            )
            cells = [f"{name} {each['cpu'] * 1e3:7.1f} ms" for name, each in found.items()]
            ratio = found["ipyautoui"]["cpu"] / found["unfolded"]["cpu"]
            told = f"    {count} fields, no kernel".ljust(32)
            lines.append(f"{told}{'   '.join(cells)} ({version}), {ratio:.1f} times ours unfolded")
    return lines


def report() -> str:
    """Measure, and write the table."""
    lines = [f"(e) forms: CPU of a kernel with its comms, medians of {ROUNDS} rounds"]
    with kernel() as ask:
        for count in (SMALL, LARGE):
            lines += [_building(ask, count, unfolded) for unfolded in (False, True)]
        keys = ask(f"forms.keystrokes({LARGE})")
        kinds = ask(f"forms.classes({SMALL}, False)")
    firsts: list[dict[str, float]] = []
    for _ in range(FIRSTS):
        with kernel() as ask:
            firsts.append(ask(f"forms.first({LARGE})"))
    took = {name: statistics.median(each[name] for each in firsts) for name in firsts[0]}
    told = f"    {LARGE} fields, the first form of a kernel"
    before = f"after {took['imports'] * 1e3:.0f} ms of imports and {took['jsonschema'] * 1e3:.0f} ms of jsonschema's"
    lines.append(f"{told:<58}{took['form'] * 1e3:8.1f} ms  {_verdict(took['form'], LARGEST, 'ms')}, {before}")
    for name, what in (("text", "a letter of the prompt"), ("number", "a number, right and wrong in turn")):
        told = f"    {LARGE} fields unfolded: {what}"
        lines.append(f"{told:<58}{keys[name] * 1e3:8.2f} ms  {_verdict(keys[name], KEYSTROKE, 'ms')}")
    lines.append(f"{f'    {LARGE} fields: the judge alone':<58}{keys['judge'] * 1e3:8.2f} ms")
    python = _autoui()
    lines += _beside(python) if python else ["    ipyautoui: not found; IPYAUTOUI_PYTHON names a Python that has it"]
    lines.append(f"    {SMALL} fields, as it opens: {kinds}")
    return "\n".join(lines)


def main() -> None:
    """Measure by itself."""
    if "--answer" in sys.argv:
        answer()
        return
    from run import machine

    print(machine())
    print(report())


if __name__ == "__main__":
    main()
