"""What the sandbox answers in a chat: a short text made from the words of the question.

No model runs, so the answer says so in its first line. After that it is written to be useful in a lesson: it
takes up the question's words, shows that it saw the system prompt, the earlier questions, any pictures and what
tools found, and carries the Markdown that real answers carry (lists, tables, code), with a table, code or a
formula in it where the question asks for one. The same conversation always gets the same answer. `REPEAT:` in a
question makes the answer exactly what follows it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from ..instances.chance import Chooser

NOTICE = "*Sandbox answer: no model ran and nothing was billed.*"
REPEAT = "REPEAT:"
_COMMON = frozenset(
    """
    a about an and any are as at be between but by can could describe do does explain for from give had
    has have how i if in into is it its just let like make me my need of on one or our please say should
    show so some tell than that the their them then there these they this three to two us use using want
    was we were what when where which who why will with would write you your
    """.split()  # noqa: SIM905 - a list of words reads best as text
)
_TAG = re.compile(r"<[^<>]*>")
_WORD = re.compile(r"[^\W\d_][\w'-]*")

_OPENINGS = (
    (
        "You asked “{question}”{manner}. In short: start from **{first}**, keep **{last}** in view, "
        "and take one small step at a time."
    ),
    (
        "“{question}” is a good thing to ask{manner}. It turns on two words, **{first}** and "
        "**{last}**: once each has a plain meaning and one example, most of the answer is there."
    ),
    (
        "There is more than one way to look at “{question}”{manner}. The plainest is to settle what "
        "**{first}** means here, change one thing, and look at what happens to **{last}**."
    ),
    (
        "A short answer to “{question}”{manner}: it is easier than it looks once **{first}** has a "
        "name and **{last}** has an example."
    ),
)
_STEPS = (
    (
        "1. Say in one line what “{first}” stands for.\n2. Try it with the smallest example of “{last}”.\n"
        "3. Compare, note the cost, and go on."
    ),
    (
        "- **Start** with “{first}”, as plainly as you can.\n- **Check** what it changes about “{last}”.\n"
        "- **Keep** the version you can explain."
    ),
    (
        "- “{first}” comes first, because the rest depends on it.\n- Then “{last}”, with one example.\n"
        "- Leave out what nobody asked for."
    ),
)
_EXTRAS = (
    "",
    "",
    "| Word | What it is for |\n| --- | --- |\n| {first} | where to begin |\n| {last} | how to check |",
    '```python\nfor step in ({code}):\n    print("look at", step)\n```',
    "> An answer about “{first}” is good when it can be checked.",
)
_FORMULA = (
    "With {first} as $a$ and {last} as $b$:\n\n$$\n\\frac{{a + b}}{{2}} \\ge \\sqrt{{a \\, b}}\n$$\n\n"
    "The two sides are equal when $a = b$."
)
# What a question may ask to see, by the words that ask for it.
_ASKED = (
    (frozenset({"table", "tables"}), _EXTRAS[2]),
    (frozenset({"code", "script", "snippet", "program"}), _EXTRAS[3]),
    (frozenset({"formula", "formulas", "formulae", "equation", "equations", "latex"}), _FORMULA),
)
_LONGEST_RESULT = 500
_NAMES = re.compile(r"[A-Z][\w'-]*(?: [A-Z][\w'-]*)*")
_NUMBER = re.compile(r"(?<![\w.])-?\d{1,12}(?:\.\d{1,9})?(?![\w.]*\w)")


@dataclass(frozen=True, slots=True)
class Conversation:
    """What an answer depends on: the system prompt, the questions so far, the pictures with the last one."""

    model: str
    system: str
    questions: tuple[str, ...]
    images: int = 0
    variant: str = ""

    @property
    def question(self) -> str:
        """The last thing the user said."""
        return self.questions[-1] if self.questions else ""


@dataclass(frozen=True, slots=True)
class Found:
    """What a tool found: its name, and its result as it sent it."""

    tool: str
    text: str


def answer(conversation: Conversation, *, as_json: bool = False, found: tuple[Found, ...] = ()) -> str:
    """Return the answer to `conversation`, from what tools `found`; with `as_json` an object in place of Markdown."""
    if found:
        return _object(conversation, found) if as_json else "\n\n".join([NOTICE, *map(_found, found)])
    if REPEAT in conversation.question:
        # One space or line break after the colon belongs to the order, not to the text.
        return re.sub(r"\A[ \n]", "", conversation.question.split(REPEAT, 1)[1])
    if as_json:
        return _object(conversation)
    chosen = Chooser(repr(conversation))
    words = topic(conversation.question)
    first, last = words[0], words[-1] if len(words) > 1 else "the result"
    values = {
        "question": _quote(conversation.question) or "nothing in words",
        "first": first,
        "last": last,
        "manner": f" (and the system prompt says “{_quote(conversation.system)}”)" if conversation.system else "",
        "code": ", ".join(json.dumps(word, ensure_ascii=False) for word in (first, last)),
    }
    parts = [
        NOTICE,
        chosen.of(_OPENINGS).format_map(values),
        _earlier(conversation),
        _pictures(conversation.images),
        chosen.of(_STEPS).format_map(values),
        *(extra.format_map(values) for extra in _asked(conversation.question) or (chosen.of(_EXTRAS),)),
    ]
    return "\n\n".join(part for part in parts if part)


def thoughts(conversation: Conversation) -> str:
    """Return what is thought before the answer to `conversation`, as a model that thinks would let it be seen."""
    first, *_, last = (*topic(conversation.question), "the result")
    return (
        f"The question is about “{first}”. What would help most is one plain example, and a way to check it.\n\n"
        f"So: say what “{first}” means, show it, then come to “{last}”. (Sandbox: nothing was thought.)"
    )


def topic(question: str) -> tuple[str, ...]:
    """Up to four telling words of the question, in its order."""
    words = [word.lower()[:30] for word in _WORD.findall(_TAG.sub(" ", question[:2000]))]
    telling = dict.fromkeys(word for word in words if word not in _COMMON and len(word) > 1)
    return tuple(telling)[:4] or tuple(words[:2]) or ("your message",)


def names(question: str) -> tuple[str, ...]:
    """Return the names in a question, then its telling words: what its tools may be called with."""
    found = [match.group() for match in _NAMES.finditer(_TAG.sub(" ", question[:2000])) if match.start()]
    return tuple(dict.fromkeys([*(name for name in found if name.lower() not in _COMMON), *topic(question)]))


def numbers(question: str) -> tuple[float, ...]:
    """Return the numbers in a question, in its order."""
    found = _NUMBER.findall(question[:2000])
    return tuple(float(text) if "." in text else int(text) for text in found)


def _object(conversation: Conversation, found: tuple[Found, ...] = ()) -> str:
    about = topic(conversation.question)
    told = {"tool_results": [{"tool": one.tool, "result": one.text} for one in found]} if found else {}
    return json.dumps(
        {
            "answer": f"A sandbox answer about {' '.join(about)}.",
            "topics": list(about),
            "earlier_questions": len(conversation.questions[:-1]),
            **told,
            "sandbox": True,
            "note": "No model ran and nothing was billed.",
        },
        ensure_ascii=False,
        indent=2,
    )


def _found(one: Found) -> str:
    """Tell a tool's result word for word, in a block that its own backticks cannot end."""
    text = one.text.strip()
    short = text if len(text) <= _LONGEST_RESULT else text[:_LONGEST_RESULT] + "…"
    name = re.sub(r"[^\w.-]", "", one.tool)[:64] or "tool"
    return f"The tool `{name}` found:\n\n```\n{short.replace('```', '')}\n```"


def _asked(question: str) -> tuple[str, ...]:
    words = {word.lower() for word in _WORD.findall(question[:2000])}
    return tuple(extra for asking, extra in _ASKED if words & asking)


def _earlier(conversation: Conversation) -> str:
    before = conversation.questions[:-1]
    if not before:
        return ""
    count = "Before that you asked" if len(before) == 1 else f"You have asked {len(before)} things before, the last"
    return f"{count}: “{_quote(before[-1])}”. This goes on from there."


def _pictures(count: int) -> str:
    if not count:
        return ""
    what = "1 picture is" if count == 1 else f"{count} pictures are"
    return f"{what} attached; the sandbox does not look at them."


def _quote(text: str) -> str:
    """Return the first 60 characters on one line, without marks that Markdown or HTML would read."""
    plain = " ".join(re.sub(r"[^\w\s.,;:?!'()-]|_", "", _TAG.sub("", text[:400])).split())
    return plain if len(plain) <= 60 else plain[:57].rstrip() + "…"
