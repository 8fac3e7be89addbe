"""What the API says, as plain frozen values.

Each value is read from JSON by a tolerant `from_json`: unknown keys stay in `raw`, missing ones become None, words that
this version does not know never raise. Values hold no client and no file; two are equal when what they say is equal
(`raw` and the record of the call do not count).

Sources: the Prediction and ChatCompletion objects of Skytells' "The Two APIs" page; where the API's own descriptions
contradict each other, both forms are read.
"""

from .media import Link, Page, Prediction, Status
from .models import Model
from .text import Choice, Delta, Filters, Reply, Usage
from .vectors import Embeddings

__all__ = [
    "Choice",
    "Delta",
    "Embeddings",
    "Filters",
    "Link",
    "Model",
    "Page",
    "Prediction",
    "Reply",
    "Status",
    "Usage",
]
