"""What a soul finds if nothing was left by another: its answer shows what was changed."""

CANARY = """
def function(x):
    import json
    import random
    def deep(n):
        return deep(n - 1) if n else 0
    seven = 7
    found = [len([1, 2]), json.loads("[1]"), sorted([2, 1]), str(seven * 11), deep(100), execution("x", x)]
    found += [self.attributes["rate"], self.tags, random.random() == 0.32383276483316237]
    try:
        found.append(execution.kept)
    except AttributeError:
        found.append(None)
    try:
        found.append(self.kept)
    except AttributeError:
        found.append(None)
    return found
"""
RIGHT = [2, [1], [1, 2], "77", 0, 5, 23, ["money"], False, None, None]
MORE = """
def function(x):
    import decimal
    import os
    found = [len(str(decimal.Decimal(1) / 3)) > 20, os.environ.get("KEPT_BY_A_SOUL"), os.getcwd() != "/usr"]
    return [*found, execution("x", x)]
"""
MORE_RIGHT = [True, None, True, 5]
"""Where there are such modules."""
