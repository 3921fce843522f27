"""Modules, hooks of import, files and what else leads out by a library."""

READ = 'return opened(world["secret"]).read()'
SOULS = {
    "io": f"import io\nopened = io.open\n{READ}",
    "_io": f"import _io\nopened = _io.open\n{READ}",
    "FileIO": "import io\nopened = io.FileIO\nreturn str(opened(world['secret']).read())",
    "codecs": f"import codecs\nopened = codecs.open\n{READ}",
    "pathlib": 'from pathlib import Path\nreturn Path(world["secret"]).read_text()',
    "os": 'import os\nreturn str(os.read(os.open(world["secret"], 0), 999))',
    "posix": 'import posix\nreturn str(posix.read(posix.open(world["secret"], 0), 999))',
    "linecache": 'import linecache\nreturn linecache.getline(world["secret"], 1)',
    "tokenize": f"import tokenize\nopened = tokenize.open\n{READ}",
    "fileinput": 'import fileinput\nreturn [*fileinput.input(world["secret"])]',
    "mmap": 'import mmap, os\nreturn str(mmap.mmap(os.open(world["secret"], 0), 0, prot=1)[:])',
    "subprocess": 'import subprocess\nreturn subprocess.check_output(["/bin/cat", world["secret"]], text=True)',
    "os.popen": 'import os\nreturn os.popen("cat " + world["secret"]).read()',
    "os.system": 'import os\nos.system("touch " + world["marker"])\nreturn 1',
    "multiprocessing": """
import os
if os.fork() == 0:
    open(world["marker"], "w").close()
    os._exit(0)
os.wait()
return 1
""",
    "ctypes": """
import ctypes
libc = ctypes.CDLL(None)
place = ctypes.create_string_buffer(99)
libc.read(libc.open(world["secret"].encode(), 0), place, 99)
return str(place.value)
""",
    "a module of a module": f"import json\nopened = json.codecs.open\n{READ}",
    "a module of random": 'import random\nreturn str(random._os.read(random._os.open(world["secret"], 0), 99))',
    "a module of typing": 'import typing\nreturn typing.sys.modules["io"].open(world["secret"]).read()',
    "a module of re": 'import re\nreturn re.enum.sys.modules["io"].open(world["secret"]).read()',
    "a module of asyncio": 'import asyncio\nreturn asyncio.sys.modules["io"].open(world["secret"]).read()',
    "a module of dataclasses": 'import dataclasses\nreturn dataclasses.sys.modules["io"].open(world["secret"]).read()',
    "all modules": 'import sys\nreturn sys.modules["io"].open(world["secret"]).read()',
    "a module's loader": 'import json\nreturn str(json.__loader__.get_data(world["secret"]))',
    "the data of a package": """
import importlib.util, sys
return str(importlib.util.find_spec("json").loader.get_data(world["secret"]))
""",
    "runpy": 'import runpy\nreturn str(runpy.run_path(world["code"]))',
    "a source by its place": """
import importlib.util
spec = importlib.util.spec_from_file_location("code", world["code"])
made = importlib.util.module_from_spec(spec)
spec.loader.exec_module(made)
return made.SECRET
""",
    "a finder of imports": """
import sys
class F:
    def find_spec(name, path, target=None):
        from importlib.util import spec_from_file_location
        return spec_from_file_location(name, world["code"]) if name == "mine" else None
sys.meta_path.insert(0, F)
import mine
return mine.SECRET
""",
    "the path of imports": """
import sys
sys.path.insert(0, world["code"].rpartition("/")[0])
import secret_module
return secret_module.SECRET
""",
    "pickle": """
import pickle
return pickle.loads(b"cbuiltins\\neval\\n(V open(%r).read()\\ntR." % world["secret"])
""",
    "marshal": """
import marshal
code = marshal.loads(marshal.dumps(compile("opened = open", "x", "exec")))
names = {}
exec(code, names)
return names["opened"](world["secret"]).read()
""",
    "a socket": """
import socket
socket.create_connection(("127.0.0.1", world["port"]), 2).close()
return 1
""",
    "a request": """
import urllib.request
try:
    urllib.request.urlopen(f"http://127.0.0.1:{world['port']}/", timeout=0.3)
except TimeoutError:
    pass
return 1
""",
    "a signal": "import os\nos.kill(world['pid'], 9)\nreturn 1",
    "a file": 'open(world["marker"], "w").close()\nreturn 1',
    "a link": 'import os\nos.symlink("/", world["marker"])\nreturn 1',
    "a database": 'import sqlite3\nsqlite3.connect(world["marker"]).execute("create table x (y)")\nreturn 1',
    "the memory of its own": """
import os
with open("/proc/self/environ", "rb") as file:
    return str(file.read())
""",
    "the command of its parent": """
import os
return open(f"/proc/{world['pid']}/environ").read()
""",
    "environment": "import os\nreturn dict(os.environ)",
    "what was printed": 'print(open(world["secret"]).read())\nreturn 1',
    "an error that tells": 'raise ValueError(open(world["secret"]).read())',
    "input": "return input()",
}
