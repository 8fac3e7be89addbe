"""What text and embedding models cost by a price list of the tests' own, in dollars.

Nothing of the package is used here; `lab-…` are the models of `variants`. Where the catalogue names one amount it holds
for all tokens, but for the four models whose two prices Skytells prints.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

MILLION = 10**6


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars for a million tokens in, out, and in again from the service's cache."""

    prompt: Fraction
    completion: Fraction
    cached: Fraction

    def owed(self, prompt: int, cached: int, completion: int) -> Fraction:
        """Dollars for so many tokens of the prompt, those of them that were cached, and of the answer."""
        return ((prompt - cached) * self.prompt + cached * self.cached + completion * self.completion) / MILLION


def _price(prompt: str, completion: str | None = None, cached: str | None = None) -> Price:
    return Price(Fraction(prompt), Fraction(completion or prompt), Fraction(cached or prompt))


TEXT: dict[str, Price | None] = {
    **dict.fromkeys(("deepbrain-router", "gpt-5", "gpt-5.4", "gpt-5.3-codex"), _price("0.50", "1.25")),
    "gpt-5-nano": _price("0.05"),
    "skytells-3": _price("0.5"),
    "sandbox-coder": _price("0.2"),
    "sandbox-omni": _price("0.4"),
    "lab-keys": _price("0.3", "2.4", "0.03"),
    "lab-words": _price("0.7", "0.9"),
    "lab-rules": _price("1.1", "4.4", "0.275"),
    "lab-token": _price("2", "2"),
    "lab-quiet": None,
    "lab-dozen": None,
}
"""By model; None where the catalogue says nothing that can be understood."""

EMBEDDING = {
    "skytells-embed-3-large": _price("0.13"),
    "skytells-embed-3-small": _price("0.02"),
    "text-embedding-3-small": _price("0.02"),
    "lab-embed": _price("0.0000001"),
}
