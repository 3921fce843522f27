"""Nothing of LuxOS makes objects or code out of data: no pickle, marshal or joblib, no `eval`, no loose YAML.

Read from the source with `ast`. What may, stands here with its reason.
"""

import ast
from pathlib import Path

import luxos
from luxos.beings.parsing import tree_of

SOURCE = Path(luxos.__file__).parent
MODULES = {"pickle", "cPickle", "_pickle", "marshal", "joblib", "dill", "cloudpickle", "shelve", "copyreg"}
BUILTINS = {"eval", "exec", "compile", "__import__"}
YAML = {"load", "load_all", "unsafe_load", "full_load"}
ALLOWED = {
    ("beings/function_source.py", "compile"): "only whether it compiles is asked; nothing of it runs",
    ("runtime/isolated/inside/call.py", "compile"): "behind the walls: the code that it is there to run",
    ("runtime/isolated/inside/call.py", "exec"): "behind the walls: the code that it is there to run",
    ("runtime/isolated/inside/worker.py", "__import__"): "behind the walls: the modules that its soul imports",
}


def made_of_data(source: str) -> set[str]:
    """The names by which this source could make objects or code out of data."""
    found = set()
    for node in ast.walk(tree_of(source)):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names} & MODULES
        elif isinstance(node, ast.ImportFrom):
            found |= {(node.module or "").partition(".")[0]} & MODULES
        elif isinstance(node, ast.Call):
            found |= _called(node)
    return found


def _called(node: ast.Call) -> set[str]:
    if isinstance(node.func, ast.Name):
        return {node.func.id} & BUILTINS
    if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
        safe = any("_LOADER" in ast.dump(word) or "SafeLoader" in ast.dump(word) for word in node.keywords)
        positional = any("_LOADER" in ast.dump(one) or "SafeLoader" in ast.dump(one) for one in node.args)
        if node.func.value.id == "yaml" and node.func.attr in YAML and not (safe or positional):
            return {f"yaml.{node.func.attr}"}
        if node.func.value.id in ("np", "numpy") and any(
            word.arg == "allow_pickle" and getattr(word.value, "value", True) for word in node.keywords
        ):
            return {"allow_pickle"}
    return set()


def test_it_finds_each_of_them() -> None:
    for source in (
        "import pickle",
        "from marshal import loads",
        "eval(x)",
        "yaml.load(x)",
        "np.load(x, allow_pickle=True)",
    ):
        assert made_of_data(source), source
    assert not made_of_data("yaml.load(x, Loader=yaml.SafeLoader); re.compile(x); json.loads(x)")


def test_nothing_of_luxos_makes_code_of_data() -> None:
    found = {
        (str(path.relative_to(SOURCE)), name)
        for path in sorted(SOURCE.rglob("*.py"))
        for name in made_of_data(path.read_text(encoding="utf-8"))
    }
    assert found == set(ALLOWED)
