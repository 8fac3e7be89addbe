"""A local Skytells: the platform's API on this machine, for tests and for lessons without a key.

It behaves as the platform's own documents say, with both of its APIs, every path and name its SDKs use,
prices, limits and errors, and it answers with real pictures, sound and film. No model runs, nothing leaves
the machine and nothing is billed, which it says wherever it shows. It knows nothing of the rest of this
package: a client talks to it over a socket or not at all.
"""

from __future__ import annotations

from .app import create_app
from .dialect import Dialect
from .faults import Fault
from .options import EXAMPLE_KEY, Options
from .server import Sandbox, banner, serve

__all__ = ["EXAMPLE_KEY", "Dialect", "Fault", "Options", "Sandbox", "banner", "create_app", "serve"]
