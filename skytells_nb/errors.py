"""What can go wrong, sorted by what the person at the notebook can do about it.

    SkytellsError
    ├── SetupError               an address, folder or option of ours is wrong: mend the setting
    │   └── NoKeyError           no API key anywhere: log in, or go offline with the sandbox
    ├── InputError               nothing ran and nothing was billed: mend the line
    │   ├── OverBudgetError      more than the budget that was set allows
    │   ├── UnknownNameError     a model, input, option or {{name}} that nobody knows
    │   └── InvalidInputError    inputs that break the model's schema; all problems at once
    ├── RefusedError             the service refused the request; nothing ran, nothing was billed
    │   ├── KeyRejectedError     the key is wrong or may not do this
    │   ├── OutOfCreditsError    top up the account
    │   ├── ContentBlockedError  the safety layer said no
    │   └── RateLimitError       wait `retry_after` seconds
    ├── JobError                 a prediction ended without a result; carries the prediction
    │   ├── JobFailedError       the model failed
    │   └── JobCanceledError     somebody stopped it
    ├── StillRunningError        we stopped waiting; the job goes on, and its id is kept
    ├── BrokenStreamError        an answer that broke off; carries what had come
    ├── UnreadableAnswerError    a whole answer that is not what it was to be shown as; carries it
    ├── ServiceError             the service is in trouble (5xx, not JSON)
    ├── NetworkError             no answer at all
    └── MediaError               a file that is gone, too large or not what it says

The text of an error is one sentence of what happened and one of what to do. In a notebook an error shows itself as
that one line, under which the typed line stands with its fault marked, where there is one; `%tb` shows everything.
What a server said is cut, stripped of control characters, and never holds a key.
"""

from __future__ import annotations

import difflib
import itertools
import re
import sys
import traceback
from collections.abc import Iterable
from typing import Any

from . import keys
from .keys import scrubbed, without_secrets
from .marks import Mark

_CONTROL = re.compile(
    r"\x1b\[[0-9;?]*[ -/]*[@-~]"
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_SCRIPT = re.compile(r"(?i)\b(javascript|vbscript|livescript):(?=\S)")  # JupyterLab makes a link of it in any text


def plain(text: object, limit: int = 400) -> str:
    """Make foreign text safe to print: a line of at most `limit` characters without hiding marks, keys and scripts."""
    line = without_secrets(" ".join(_CONTROL.sub("", str(text)[: limit * 8]).split()))
    line = _SCRIPT.sub(r"\1: ", line)
    return line if len(line) <= limit else line[: limit - 1] + "…"


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Name the known word that is most like `name`, or None if none is near."""
    typed = str(name).lower()[:100]

    def likeness(word: str) -> float:
        other = word.lower()[:100]
        begins = zip(typed.lstrip("-"), other.lstrip("-"), strict=False)
        shared = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], begins))
        return difflib.SequenceMatcher(None, typed, other).ratio() + 0.1 * min(shared, 3)

    best = max(known, key=likeness, default=None)
    return best if best is not None and likeness(best) >= 0.6 else None


def _blanked(text: str) -> str:
    """Put blanks for what must not be printed, and dots for keys, so that everything keeps its place."""
    return _CONTROL.sub(lambda found: " " * len(found[0]), keys.dotted(text)).replace("\t", " ")


class SkytellsError(Exception):
    """Any error of this package; catch it to catch them all.

    Attributes: `error_id` (the service's own word, upper case), `status` (HTTP), `request_id`, `body` (as the server
    sent it, but for keys that it repeats); each None where there was none. `mark` points at the part of a typed line
    that is at fault, or is None.
    """

    mark: Mark | None = None

    def __init__(
        self,
        what: str,
        fix: str = "",
        *,
        error_id: str | None = None,
        status: int | None = None,
        request_id: str | None = None,
        body: object = None,
    ) -> None:
        super().__init__(what, fix)
        self.what = what
        self.fix = fix
        self.error_id = error_id
        self.status = status
        self.request_id = request_id
        self.body = scrubbed(body)

    def advise(self, fix: str) -> None:
        """Say what to do in other words, where more is known than when the error was made."""
        self.fix = fix
        self.args = (self.what, fix)

    def __str__(self) -> str:
        """Give what happened, what to do, and the ids that support would ask for."""
        ids = [text for text in (self.error_id, self.status and f"HTTP {self.status}", self.request_id) if text]
        return " ".join(part for part in (self.what, self.fix, f"[{', '.join(ids)}]" if ids else "") if part)

    def _render_traceback_(self) -> list[str]:
        """Show one line where the cell fails; the whole story when somebody asks later, with `%tb`."""
        if sys.exc_info()[1] is self:
            return [f"{type(self).__name__}: {self}", *(self.mark.lines(_blanked) if self.mark else ())]
        whole = "".join(traceback.format_exception(self))
        return without_secrets(whole).splitlines()


class SetupError(SkytellsError):
    """A setting of ours is wrong: an address, a folder, an option."""


class NoKeyError(SetupError):
    """No API key was found in the argument, the environment or the store."""


class InputError(SkytellsError):
    """What was asked cannot be carried out as it stands; nothing ran and nothing was billed."""


class OverBudgetError(InputError):
    """A call would cost more than the budget that was set allows, or nobody knows what and the budget minds."""


class UnknownNameError(InputError):
    """A name that nobody knows, here or at the service; `suggestion` is the nearest known one, or None."""

    def __init__(self, what: str, fix: str = "", *, name: str = "", suggestion: str | None = None, **more: Any) -> None:
        super().__init__(what, fix, **more)
        self.name = name
        self.suggestion = suggestion

    @classmethod
    def of(cls, kind: str, name: str, known: Iterable[str], *, where: str = "", **more: Any) -> UnknownNameError:
        """Build the error for a `name` that is not among the `known` ones, naming the nearest or all of them."""
        words = sorted(known)
        suggestion = nearest(name, words)
        some = ", ".join(words[:12]) + (", …" if len(words) > 12 else "")
        fix = f"Did you mean {suggestion!r}?" if suggestion else f"Known: {some}." if words else ""
        what = f"There is no {kind} {plain(name, 80)!r}{where}."
        return cls(what, plain(fix), name=name, suggestion=suggestion, **more)


class InvalidInputError(InputError):
    """Inputs that break the model's schema; `problems` is a tuple of `schema.check.Problem`, all of them."""

    def __init__(self, what: str, fix: str = "", *, problems: tuple[Any, ...] = (), **more: Any) -> None:
        super().__init__(what, fix, **more)
        self.problems = problems


class RefusedError(SkytellsError):
    """The service refused the request: nothing ran and nothing was billed."""


class KeyRejectedError(RefusedError):
    """The service does not accept the key, or not for this."""


class OutOfCreditsError(RefusedError):
    """The account has no credits left for this call."""


class ContentBlockedError(RefusedError):
    """The service's safety layer blocked the request."""


class RateLimitError(RefusedError):
    """Too many requests; `retry_after` is the number of seconds the service asks to wait, or None."""

    def __init__(self, what: str, fix: str = "", *, retry_after: float | None = None, **more: Any) -> None:
        super().__init__(what, fix, **more)
        self.retry_after = retry_after


class _WithPrediction(SkytellsError):
    def __init__(self, what: str, fix: str = "", *, prediction: Any = None, **more: Any) -> None:
        super().__init__(what, fix, **more)
        self.prediction = prediction


class JobError(_WithPrediction):
    """A prediction ended without a result; `prediction` is its last known state."""


class JobFailedError(JobError):
    """The model failed on this input."""


class JobCanceledError(JobError):
    """The prediction was canceled before it had a result."""


class StillRunningError(_WithPrediction):
    """We stopped waiting for a prediction that goes on; `prediction` is its last known state."""


class BrokenStreamError(SkytellsError):
    """A streamed answer ended before it was complete; `reply` holds what had come."""

    def __init__(self, what: str, fix: str = "", *, reply: Any = None, **more: Any) -> None:
        super().__init__(what, fix, **more)
        self.reply = reply


class UnreadableAnswerError(SkytellsError):
    """An answer came, and was paid for, but what it was to be shown as is not in it; `reply` is the answer."""

    def __init__(self, what: str, fix: str = "", *, reply: Any = None, **more: Any) -> None:
        super().__init__(what, fix, **more)
        self.reply = reply


class ServiceError(SkytellsError):
    """The service is in trouble: an answer of 5xx, or one that is not what the API speaks.

    `may_have_run` is true where the request may have been carried out, and billed, all the same; `retry_after` is the
    number of seconds the service asks to wait, or None.
    """

    def __init__(
        self, what: str, fix: str = "", *, may_have_run: bool = False, retry_after: float | None = None, **more: Any
    ) -> None:
        super().__init__(what, fix, **more)
        self.may_have_run = may_have_run
        self.retry_after = retry_after


class NetworkError(SkytellsError):
    """No answer came; `may_have_run` is true where the request may have reached the service."""

    def __init__(self, what: str, fix: str = "", *, may_have_run: bool = False, **more: Any) -> None:
        super().__init__(what, fix, **more)
        self.may_have_run = may_have_run


class MediaError(SkytellsError):
    """A file of a result that could not be fetched or shown."""
