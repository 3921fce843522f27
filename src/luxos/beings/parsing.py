"""Python sources as trees.

CPython 3.11 cannot parse in the middle of a parse, and raises `SystemError`: so it is where the garbage collector comes
in between and a finalizer prints a traceback, which parses the line that it shows. The collector waits therefore.
"""

import ast
import gc


def tree_of(source: str) -> ast.Module:
    """The tree of a module; `SyntaxError` and what else `ast.parse` raises."""
    collects = gc.isenabled()
    gc.disable()
    try:
        return ast.parse(source)
    finally:
        if collects:
            gc.enable()
