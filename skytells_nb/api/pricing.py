"""Prices, as the rest of the package asks for them: quotes, charges, and how money is written."""

from .prices.amounts import dollars
from .prices.charges import charge_prediction, charge_tokens, measures_of, outputs_of
from .prices.quotes import Quote, price_label, quote
from .prices.text_prices import PRINTED_TEXT_PRICES, TextPrice
from .prices.text_quotes import CHAT_LIMIT, quote_text

__all__ = [
    "CHAT_LIMIT",
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
