"""Running code as the body of a cell: in the user's names, with magics and !, its last expression being its value."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from ...errors import InputError
from .. import cell

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def prepared(interactive: InteractiveShell, body: str, magic: str) -> Callable[[], Any]:
    """Compile the lines under a cell magic; what is given runs them once and returns the last expression's value.

    Tracebacks name the cell and its lines as they stand in the notebook. Raises `SyntaxError`, and `InputError` where
    the cell awaits: a magic is called within the event loop, and cannot.
    """
    __tracebackhide__ = True
    shell: Any = interactive  # its compiler takes trees, whatever its annotations say
    above = 1 + sum(1 for _ in takewhile(lambda line: not line.strip(), body.splitlines()))
    source = "\n" * above + shell.transform_cell(body)
    compiler = shell.compile
    number = cell.where()[1] or shell.execution_count  # which may be ahead
    name = compiler.cache(source, number, raw_code=body)
    tree = shell.transform_ast(compiler.ast_parse(source, filename=name))
    last = ast.Expression(tree.body.pop().value) if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    with compiler.extra_flags(ast.PyCF_ALLOW_TOP_LEVEL_AWAIT):
        statements = compiler(tree, name, "exec")
        expression = None if last is None else compiler(last, name, "eval")
    if any(code is not None and code.co_flags & inspect.CO_COROUTINE for code in (statements, expression)):
        raise InputError(
            f"%%{magic} cannot run a cell that awaits.", "Write `with sky.meter() as m:` around its lines."
        )

    def run() -> Any:
        __tracebackhide__ = True
        exec(statements, shell.user_ns)  # noqa: S102 - the user's own cell
        return None if expression is None else eval(expression, shell.user_ns)  # noqa: S307 - the same

    return run
