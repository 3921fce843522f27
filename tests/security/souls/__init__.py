"""Attempts of souls, by family: each file has them by name, as the body of `function(world)`.

`world` names what is not to be reached: `secret` and `marker` are paths, `port` is a server's, `pid` a process.
"""
