"""Forms: a model's inputs as widgets, and the only home of ipywidgets.

Exported: `Form`, and for widgets of your own `Control`, `use` and `forget`. What `sky.form` is stands in `form`.
"""

from __future__ import annotations

from .control import Control
from .form import Form
from .table import forget, use

__all__ = ["Control", "Form", "forget", "use"]
