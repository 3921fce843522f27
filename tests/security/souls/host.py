"""What LuxOS hands to a soul: `execution`, `summon`, `self`, arguments and answers."""

SOULS = {
    "globals of execution": 'return execution.__globals__["HOST_SECRET"]',
    "globals of summon": 'return summon.__globals__["HOST_SECRET"]',
    "globals of the being's class": 'return type(self).__init__.__globals__["HOST_SECRET"]',
    "globals of a bound call": 'return execution.__call__.__self__.__globals__["HOST_SECRET"]',
    "globals of what it is bound to": 'return execution.__get__(1).__func__.__globals__["HOST_SECRET"]',
    "globals by vars of its type": 'return type(execution).__dict__["__globals__"].__get__(execution)["HOST_SECRET"]',
    "the module of execution": """
import sys
return sys.modules[execution.__module__].HOST_SECRET
""",
    "execution as it was wrapped": 'return execution.__wrapped__.__globals__["HOST_SECRET"]',
    "what execution closes over": "return execution.__closure__[0].cell_contents.HOST_SECRET",
    "defaults of execution": "return execution.__kwdefaults__['kept'].HOST_SECRET",
    "execution made again": """
remade = type(execution)((lambda: HOST_SECRET).__code__, execution.__globals__)
return remade()
""",
    "summon with other code": """
summon.__code__ = (lambda *args, **kwargs: HOST_SECRET).__code__
return summon()
""",
    "the being reduced": 'return self.__reduce_ex__(2)[0].__builtins__["open"](world["secret"]).read()',
    "execution put elsewhere": 'execution.__globals__["execution"] = lambda *args: "mine"\nreturn 1',
    "an attribute of execution": "execution.kept = 1\nexecution.__dict__['answered'] = 'mine'\nreturn 1",
    "the being's class is changed": "type(self).kept = 'mine'\nreturn 1",
    "the being's attributes are changed": 'self.attributes["rate"] = "mine"\nreturn 1',
    "the being's tags are changed": 'self.tags.append("mine")\nreturn 1',
    "an argument is changed": 'world["list"].append("mine")\nreturn 1',
    "what was asked is changed afterwards": 'mine = [1]\nexecution("x", mine)\nmine.append("mine")\nreturn 1',
    "what was asked is changed deep inside": 'mine = {"a": [1]}\nexecution("x", mine)\nmine["a"].append("mine")\nreturn 1',
    "what was asked by name is changed": 'mine = [1]\nexecution("x", y=mine)\nmine.append("mine")\nreturn 1',
    "what was answered is changed": 'execution("give").append("mine")\nreturn 1',
    "what was answered is changed deep inside": 'execution("give")[0]["a"] = "mine"\nreturn 1',
    "a list that looks different each time": """
class L(list):
    def __iter__(self):
        return iter(["mine"])
execution("x", L([1]))
return 1
""",
    "a text that is another": """
class S(str):
    def __str__(self):
        return "mine"
    def __eq__(self, other):
        return True
    __hash__ = str.__hash__
execution("x", S("yours"))
return 1
""",
    "a number that is another": """
class N(int):
    def __repr__(self):
        return "mine"
execution("x", N(5))
return 1
""",
    "an argument with code": """
class C:
    def __repr__(self):
        return open(world["secret"]).read()
return execution("show", C())
""",
    "a comparison with code": """
class C:
    def __eq__(self, other):
        return True
    __hash__ = None
return execution("secret?", C())
""",
    "a circle": "mine = []\nmine.append(mine)\nexecution('x', mine)\nreturn 1",
    "a tower": "mine = []\nfor _ in range(100_000):\n    mine = [mine]\nexecution('x', mine)\nreturn 1",
    "an argument without end": 'execution("x", "mine" * 30_000_000)\nreturn 1',
    "a number without end": "execution('x', 10 ** 200_000)\nreturn 1",
    "no number": "execution('x', float('nan'))\nreturn 1",
    "half a letter": "execution('x', '\\ud800')\nreturn 1",
    "keys that are no texts": "execution('x', {1: 'mine'})\nreturn 1",
    "bytes": "execution('x', b'mine')\nreturn 1",
    "a function": "execution('x', lambda: 'mine')\nreturn 1",
    "execution itself": "execution('x', execution)\nreturn 1",
}
