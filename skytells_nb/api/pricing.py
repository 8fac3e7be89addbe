"""Prices: what a call would cost (quotes), what it did cost (charges), and how money is written.

Each has its module: `quotes` of media models, `text_quotes`, `charges`; a price object is read by `rates` and
`text_prices`, what it counts by `quantities` and `picture_sizes`; `price_lists` remembers what clients have read.
"""

from .amounts import dollars
from .charges import charge_prediction, charge_tokens, measures_of, outputs_of
from .quotes import Quote, price_label, quote
from .text_prices import PRINTED_TEXT_PRICES, TextPrice
from .text_quotes import quote_text

__all__ = [
    "PRINTED_TEXT_PRICES",
    "Quote",
    "TextPrice",
    "charge_prediction",
    "charge_tokens",
    "dollars",
    "measures_of",
    "outputs_of",
    "price_label",
    "quote",
    "quote_text",
]
