"""What the sandbox answers in a chat: a short text made from the words of the question.

No model runs, so the answer says so in its first line. After that it is written to be useful in a lesson: it
takes up the question's words, shows that it saw the system prompt, the earlier questions and any pictures, and
carries the Markdown that real answers carry (lists, tables, code). The same conversation always gets the same
answer. `REPEAT:` in a question makes the answer exactly what follows it.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass

NOTICE = "*Sandbox answer: no model ran and nothing was billed.*"
REPEAT = "REPEAT:"
_COMMON = frozenset(
    "a about an and are as at be but by can could do does for from give had has have how i if in into is it its "
    "just let like make me my need of on or our please say should show so tell than that the their them then "
    "there these they this to us want was we were what when where which who why will with would you your write "
    "explain describe using use one two three some any between".split()
)
_WORD = re.compile(r"[^\W\d_][\w'-]*")

_OPENINGS = (
    "You asked about **{topic}**{manner}. The short version: {first} comes down to a few decisions, and the order "
    "in which you take them matters more than any single one.",
    "**{Topic}** is a good question to start from{manner}. Think of {first} as three parts that can be looked at "
    "one at a time, and keep the parts small.",
    "There is more than one way to look at **{topic}**{manner}. The plainest is to begin with {first}, change one "
    "thing, and look at what happens.",
    "In one sentence{manner}: **{topic}** is easier than it looks once {first} has a name and an example.",
)
_STEPS = (
    "1. Say what {first} should do, in one line.\n2. Try it with the smallest {last} you have.\n"
    "3. Compare, note the cost, and go on.",
    "- **Start**: {first}, as plainly as you can.\n- **Check**: what did {last} change?\n"
    "- **Keep**: the version you can explain.",
    "- {First} first, because the rest depends on it.\n- Then {last}, with one example.\n"
    "- Leave out what nobody asked for.",
)
_EXTRAS = (
    "",
    "",
    "| Part | What it is for |\n| --- | --- |\n| {first} | where to begin |\n| {last} | how to check |",
    "```python\nquestion = {quoted}\nfor step in (\"try\", \"look\", \"keep\"):\n    print(step, question)\n```",
    "> A good answer to a question about {first} can be checked.",
)


@dataclass(frozen=True, slots=True)
class Conversation:
    """What an answer depends on: the system prompt, every question so far, and the pictures with the last one."""

    model: str
    system: str
    questions: tuple[str, ...]
    images: int = 0
    variant: str = ""

    @property
    def question(self) -> str:
        """The last thing the user said."""
        return self.questions[-1] if self.questions else ""


def answer(conversation: Conversation, *, as_json: bool = False) -> str:
    """The answer to `conversation`; with `as_json` a JSON object in place of Markdown."""
    if REPEAT in conversation.question:
        # One space or line break after the colon belongs to the order, not to the text.
        return re.sub(r"\A[ \n]", "", conversation.question.split(REPEAT, 1)[1])
    if as_json:
        return _object(conversation)
    chosen = _Choice(repr(conversation))
    words = _topic(conversation.question)
    values = {
        "topic": " ".join(words),
        "Topic": " ".join(words).capitalize(),
        "first": words[0],
        "First": words[0].capitalize(),
        "last": words[-1] if len(words) > 1 else "an example",
        "manner": f", and as the system prompt asks (“{_quote(conversation.system)}”)" if conversation.system else "",
        "quoted": json.dumps(" ".join(words), ensure_ascii=False),
    }
    parts = [
        NOTICE,
        chosen.of(_OPENINGS).format_map(values),
        _earlier(conversation),
        _pictures(conversation.images),
        chosen.of(_STEPS).format_map(values),
        chosen.of(_EXTRAS).format_map(values),
    ]
    return "\n\n".join(part for part in parts if part)


class _Choice:
    """A chooser that always makes the same choices for the same text."""

    def __init__(self, text: str) -> None:
        self._number = int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")

    def of(self, items: tuple[str, ...]) -> str:
        self._number, position = divmod(self._number, len(items))
        return items[position]


def _object(conversation: Conversation) -> str:
    return json.dumps(
        {
            "answer": f"A sandbox answer about {' '.join(_topic(conversation.question))}.",
            "topics": list(_topic(conversation.question)),
            "earlier_questions": len(conversation.questions[:-1]),
            "sandbox": True,
            "note": "No model ran and nothing was billed.",
        },
        ensure_ascii=False,
        indent=2,
    )


def _topic(question: str) -> tuple[str, ...]:
    """Up to four telling words of the question, in its order."""
    words = [word.lower() for word in _WORD.findall(question[:2000])]
    telling = dict.fromkeys(word[:30] for word in words if word not in _COMMON)
    return tuple(telling)[:4] or tuple(word[:30] for word in words[:2]) or ("your message",)


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
    """The first 60 characters on one line, without marks that Markdown or HTML would read."""
    plain = re.sub(r"[^\w\s.,;:?!'()-]|_", "", " ".join(text[:400].split()))
    return plain if len(plain) <= 60 else plain[:57].rstrip() + "…"
