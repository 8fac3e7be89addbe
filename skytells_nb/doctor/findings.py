"""What the doctor says: findings, as text for a terminal or as JSON. Pure."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Literal

Level = Literal["ok", "warn", "error"]
SETUP = "set-up"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    `subject` is `set-up` or the notebook's name, `place` where in it. `level` is `ok` for what is as it should be,
    `warn` for what will hurt some day, `error` for what hurts now; `fix` says what to do about it.
    """

    level: Level
    what: str
    fix: str = ""
    subject: str = SETUP
    place: str = ""


def status(findings: Iterable[Finding]) -> int:
    """Give the exit status: 0 where all is well, 1 where anything is to be done."""
    return int(any(finding.level != "ok" for finding in findings))


def as_text(findings: Iterable[Finding], width: int = 100) -> str:
    """Write the findings for a terminal, under the names of what they are about, at most `width` columns wide."""
    lines: list[str] = []
    for subject, found in groupby(findings, lambda finding: finding.subject):
        lines += ["", subject] if lines else [subject]
        for fix, alike in groupby(found, lambda finding: finding.fix):
            for finding in alike:
                said = f"{finding.place}: {finding.what}" if finding.place else finding.what
                lines += _wrapped(f"  {finding.level:<6}", said, width)
            lines += _wrapped(" " * 8, fix, width)
    return "\n".join(lines)


def _wrapped(begin: str, text: str, width: int) -> list[str]:
    """Break a sentence into lines; what has no blank, such as a path, stays whole, to be copied."""
    return textwrap.wrap(
        text,
        max(width, 40),
        initial_indent=begin,
        subsequent_indent=" " * 8,
        break_on_hyphens=False,
        break_long_words=False,
    )


def as_json(findings: Iterable[Finding]) -> str:
    """Write the findings for a program: an object with `status` and the list `findings`."""
    found = tuple(findings)
    return json.dumps({"status": status(found), "findings": [asdict(finding) for finding in found]}, indent=2)
