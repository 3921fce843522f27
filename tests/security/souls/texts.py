"""Format strings, unicode names, match patterns."""

READ = 'return opened(world["secret"]).read()'
SOULS = {
    "format reads an attribute": 'return "{0.__globals__[HOST_SECRET]}".format(execution)',
    "format reads by a name": 'return "{who.__globals__[HOST_SECRET]}".format(who=execution)',
    "format_map": 'return "{who.__globals__[HOST_SECRET]}".format_map({"who": execution})',
    "format in a format's width": 'return "{0:{1}}{2.__globals__[HOST_SECRET]}".format(1, 2, execution)',
    "format of the being": 'return "{0.__class__.__init__.__globals__[HOST_SECRET]}".format(self)',
    "format by str": 'return str.format("{0.__globals__[HOST_SECRET]}", execution)',
    "format with a conversion": 'return "{0.__globals__!r}".format(execution)',
    "a field by string.Formatter": """
import string
return string.Formatter().get_field("0.__globals__[HOST_SECRET]", [execution], {})[0]
""",
    "vformat": """
import string
return string.Formatter().vformat("{0.__globals__[HOST_SECRET]}", [execution], {})
""",
    "an f-string": "return f\"{execution.__globals__['HOST_SECRET']}\"",
    "an f-string that says what it is": 'return f"{execution.__globals__=}"',
    "a percent sign": 'return "%s" % execution.__globals__',
    "a class's own format": """
class C:
    def __format__(self, how):
        return execution.__globals__["HOST_SECRET"]
return f"{C()}"
""",
    "wide letters": f"opened = ｏｐｅｎ\n{READ}",
    "letters for mathematics": f'opened = 𝓮𝓿𝓪𝓵("open")\n{READ}',
    "double-struck letters": f'opened = 𝕘𝕝𝕠𝕓𝕒𝕝𝕤()["__builtins__"]["open"]\n{READ}',
    "an attribute in wide letters": f'opened = (lambda: 0)._＿globals__["__builtins__"]["open"]\n{READ}',
    "a ligature": f"import proﬁle\nopened = proﬁle.io.open\n{READ}",
    "a name in escapes": f'opened = getattr(__builtins__, "get", lambda name: getattr(__builtins__, name))("\\x6fpen")\n{READ}',
    "a class pattern": """
match execution:
    case object(__globals__=found):
        return found["HOST_SECRET"]
""",
    "a class pattern in another": """
match execution:
    case object(__globals__={"HOST_SECRET": secret}):
        return secret
""",
    "a pattern of the class": """
match self:
    case object(__class__=object(__init__=object(__globals__={"HOST_SECRET": secret}))):
        return secret
""",
    "a pattern with names of its own": """
class C:
    __match_args__ = ("__globals__",)
class Meta(type):
    def __instancecheck__(cls, one):
        return True
class D(metaclass=Meta):
    __match_args__ = ("__globals__",)
match execution:
    case D(found):
        return found["HOST_SECRET"]
""",
    "a mapping pattern": """
match vars(__import__("builtins")):
    case {"open": opened}:
        return opened(world["secret"]).read()
""",
    "a guard": """
match world:
    case {"secret": path} if (text := open(path).read()):
        return text
""",
}
