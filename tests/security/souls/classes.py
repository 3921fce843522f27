"""Tricks with types, descriptors and hooks of classes; and what stays for the next call."""

READ = 'return opened(world["secret"]).read()'
SOULS = {
    "a class made by type": """
made = type("C", (object,), {"read": lambda self, path: open(path).read()})
return made().read(world["secret"])
""",
    "a function made by its type": f"""
f = lambda: open
opened = type(f)(f.__code__, {{"__builtins__": __import__("builtins")}})()
{READ}
""",
    "code made by its type": f"""
code = (lambda: nothing).__code__
opened = type(lambda: 0)(code.replace(co_names=("open",)), globals())()
{READ}
""",
    "a module made by its type": f"""
import sys
made = type(sys)("made")
made.__builtins__ = __import__("builtins")
opened = made.__builtins__.open
{READ}
""",
    "a metaclass": f"""
class M(type):
    def __call__(cls, *args):
        return open
class C(metaclass=M):
    pass
opened = C()
{READ}
""",
    "the namespace of a metaclass": f"""
class M(type):
    @classmethod
    def __prepare__(cls, name, bases):
        return {{"opened": open}}
class C(metaclass=M):
    kept = opened
opened = C.kept
{READ}
""",
    "a class that is told of its children": f"""
seen = []
class C:
    def __init_subclass__(cls, **more):
        seen.append(open)
class D(C):
    pass
opened = seen[0]
{READ}
""",
    "a descriptor": f"""
class D:
    def __get__(self, one, kind):
        return open
class C:
    opened = D()
opened = C().opened
{READ}
""",
    "a descriptor that is told its name": f"""
seen = []
class D:
    def __set_name__(self, owner, name):
        seen.append(open)
class C:
    opened = D()
opened = seen[0]
{READ}
""",
    "a getattr of a class": f"""
class C:
    def __getattr__(self, name):
        return open
opened = C().nothing
{READ}
""",
    "an item of a class": f"""
class C:
    def __class_getitem__(cls, item):
        return open
opened = C[0]
{READ}
""",
    "a key that is missing": f"""
class D(dict):
    def __missing__(self, key):
        return open
opened = D()[0]
{READ}
""",
    "bases that are none": f"""
class B:
    def __mro_entries__(self, bases):
        return (type("X", (), {{"opened": open}}),)
class C(B()):
    pass
opened = C.opened
{READ}
""",
    "the class of an object is changed": f"""
class A:
    pass
class B:
    opened = open
one = A()
one.__class__ = B
opened = type(one).opened
{READ}
""",
    "super": f"""
class C:
    def f(self):
        return super().__getattribute__("__class__").__base__.__subclasses__()
for one in C().f():
    if one.__name__ == "_wrap_close":
        opened = one.__init__.__globals__["__builtins__"]["open"]
        {READ}
""",
    "what is called when it goes": """
class C:
    def __del__(self):
        open(world["marker"], "w").close()
del [C()][0]
return 1
""",
    "a way out of with": f"""
seen = []
class C:
    def __enter__(self):
        return self
    def __exit__(self, kind, error, trace):
        seen.append(trace.tb_frame.f_builtins["open"])
        return True
with C():
    1 / 0
opened = seen[0]
{READ}
""",
    "sorting by a key": f"""
opened = sorted([open], key=lambda one: 0)[0]
{READ}
""",
    "len is another": "import builtins\nbuiltins.len = lambda one: 7\nreturn 1",
    "json is another": "import json\njson.loads = lambda text: 'mine'\nreturn 1",
    "a module is another": "import sys\nsys.modules['json'] = type(sys)('json')\nreturn 1",
    "import is another": """
import builtins
builtins.__import__ = lambda *args: type(builtins)("mine")
return 1
""",
    "the built-ins lack one": "import builtins\ndel builtins.sorted\nreturn 1",
    "numbers are others by ctypes": """
import ctypes
ctypes.c_long.from_address(id(77) + 24).value = 78
return 1
""",
    "a function of a module has another default": """
import json
json.loads.__kwdefaults__ = {"cls": None, "object_hook": None, "parse_float": None, "parse_constant": None,
    "object_pairs_hook": None, "parse_int": lambda text: "mine"}
return 1
""",
    "the recursion ends early": "import sys\nsys.setrecursionlimit(60)\nreturn 1",
    "a trace function stays": """
import sys, threading
def trace(frame, event, argument):
    if frame.f_code.co_name == "deep":
        raise RuntimeError("mine")
sys.settrace(trace)
return 1
""",
    "a seed stays": "import random\nrandom.seed(7)\nreturn 1",
    "the environment stays": "import os\nos.environ['KEPT_BY_A_SOUL'] = 'mine'\nreturn 1",
    "the working folder stays": "import os\nos.chdir('/usr')\nreturn 1",
    "the language stays": "import decimal\ndecimal.getcontext().prec = 3\nreturn 1",
}
