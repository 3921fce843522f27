"""What a soul of the isolated tier writes into its own channel, past LuxOS's end of it, as the body of `function(world)`.

`send` writes bytes, `frame` a frame of any value; `world["mark"]` is a text of its own.
"""

REACH = """
import json, os, socket
line = execution.__closure__[0].cell_contents
channel = line._descriptor
mark = world["mark"]
def send(data):
    while data:
        data = data[os.write(channel, data):]
def frame(value, length=None):
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    send((len(text) if length is None else length).to_bytes(4, "big") + text)
def ask(**changes):
    whole = {"ask": 0, "name": "execution", "args": [mark], "kwargs": {}}
    whole.update(changes)
    frame({key: value for key, value in whole.items() if value != "without"})
"""
HEARS = "\nline.receive()\nreturn 1"
BODIES = {
    "rubbish": "send(mark.encode() * 1000)",
    "a length without end": "send(b'\\xff' * 4 + mark.encode())",
    "a length that is a little too much": "frame(mark, length=600 << 20)",
    "an empty frame": "frame(b'')\nframe(mark)",
    "no JSON": "frame(b'{' + mark.encode())",
    "no UTF-8": "frame(b'\"\\xff\\xfe' + mark.encode() + b'\"')",
    "another encoding": "frame(json.dumps({'result': mark}).encode('utf-16'))",
    "NaN": "frame(b'{\"result\": [NaN, \"' + mark.encode() + b'\"]}')",
    "a tower": "frame(b'[' * 100_000 + mark.encode())",
    "a number without end": "frame(b'{\"result\": ' + b'9' * 100_000 + b', \"x\": \"' + mark.encode() + b'\"}')",
    "half a letter": "frame(b'{\"result\": \"\\\\ud800' + mark.encode() + b'\"}')",
    "half a letter in capitals": "frame(b'{\"result\": [\"\\\\uDC00' + mark.encode() + b'\"]}')",
    "a tower that Python can climb": "frame(b'{\"result\": ' + b'[' * 700 + b'1' + b']' * 700 + b', \"x\": \"' + mark.encode() + b'\"}')",
    "a zero letter": "frame({'result': '\\0' + mark})",
    "a list": "frame([mark])",
    "a text": "frame(mark)",
    "a number": "frame(5)\nframe(mark)",
    "nothing": "frame(None)\nframe(mark)",
    "an empty object": "frame({})\nframe(mark)",
    "an ask with a later number": "ask(ask=7)",
    "an ask with a number below zero": "ask(ask=-1)",
    "an ask with a truth for a number": "ask(ask=False)",
    "an ask with a fraction": "ask(ask=0.0)",
    "an ask with a text for a number": "ask(ask='0')",
    "an ask without a number": "ask(ask='without')",
    "the same ask twice": "ask()\nask()",
    "an ask of something else": "ask(name='delete')",
    "an ask of a private name": "ask(name='__class__')",
    "an ask of a list": "ask(name=['execution'])",
    "arguments that are no list": "ask(args={'0': mark})",
    "arguments that are a text": "ask(args=mark)",
    "no arguments": "ask(args='without')\nframe(mark)",
    "named arguments that are no object": "ask(kwargs=[[mark, 1]])",
    "an ask for another owner": "ask(owner='jan', run='0', soul='core', depth=-5)" + HEARS,
    "an ask that is a result too": "ask(result=mark)" + HEARS,
    "an ask that was never made is answered": "frame({'answer': 0, 'value': mark})",
    "an answer to another's ask": "frame({'answer': 1, 'refused': mark})",
    "a call of its own": "frame({'args': [mark], 'kwargs': {}, 'self': {}})",
    "two results": "frame({'result': mark})\nframe({'result': mark + '2'})",
    "an ask after the result": "frame({'result': mark})\nask()",
    "a state without a method": "frame({'result': 1, 'state': {'owner': mark}})",
    "a failure that is a text": "frame({'failed': mark})",
    "a failure that is a list": "frame({'failed': [mark]})",
    "a failure without its parts": "frame({'failed': {'x': mark}})",
    "a failure with other parts": "frame({'failed': {'type': {'x': mark}, 'message': [1], 'line': 'x'}, 'ask': 0})",
    "a failure by an ask that is a list": "frame({'failed': {'type': mark, 'message': '', 'line': 1}, 'ask': [1]})",
    "a failure by an ask that is none": "frame({'failed': {'type': mark, 'message': '', 'line': 1}, 'ask': 99})",
    "a failure with a line without end": "frame({'failed': {'type': mark, 'message': '', 'line': 10 ** 4000}, 'ask': None})",
    "a limit that is none": "frame({'over': mark})",
    "a limit that is a list": "frame({'over': [mark]})",
    "a limit that is a number": "frame({'over': 5, 'x': mark})",
    "unfit without its parts": "frame({'unfit': {'x': mark}})",
    "unfit with other parts": "frame({'unfit': {'where': [mark], 'what': {'x': 1}, 'told': 5}})",
    "unfit as never seen": "frame({'unfit': {'where': '', 'what': mark, 'told': '{told.__class__}'}})",
    "unfit that is a text": "frame({'unfit': mark})",
    "everything at once": "frame({'result': mark, 'failed': mark, 'over': mark, 'unfit': mark, 'ask': 1})",
    "one key twice": 'frame(b\'{"ask":0,"name":"execution","name":"x","args":["\' + mark.encode() + b\'"]}\')',
    "half a frame": "send((1000).to_bytes(4, 'big') + mark.encode())\nos._exit(0)",
    "half a length": "frame(mark)\nsend(b'\\0\\0')\nos._exit(0)",
    "a frame letter by letter": "for letter in (5).to_bytes(4, 'big') + b'x' + mark.encode():\n    send(bytes([letter]))",
    "one end closed": "frame(mark)\nsocket.socket(fileno=os.dup(channel)).shutdown(socket.SHUT_WR)\nline.receive()",
    "the other end closed": "frame(mark)\nsocket.socket(fileno=os.dup(channel)).shutdown(socket.SHUT_RD)",
    "both ends closed": "frame(mark)\nos.close(channel)",
    "a descriptor beside": "socket.send_fds(socket.socket(fileno=os.dup(channel)), [b'x' + mark.encode()], [0, 1, 2])",
    "a child that goes on": "if os.fork() == 0:\n    import time\n    time.sleep(0.2)\n    frame(mark)\n    os._exit(0)\nreturn 1",
    "a child in a session of its own": """
if os.fork() == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
    for _ in range(100):
        ask()
    os._exit(0)
return 1""",
    "a thread that asks while it is asked": """
import threading
threading.Thread(target=ask).start()
threading.Thread(target=ask).start()
execution(mark)""",
    "every descriptor there is": """
for number in os.listdir("/proc/self/fd"):
    if int(number) > 2:
        try:
            os.write(int(number), (5).to_bytes(4, "big") + mark.encode())
        except OSError:
            pass""",
    "the descriptors of its parent": """
frame(mark)
for number in range(40):
    try:
        with open(f"/proc/{os.getppid()}/fd/{number}", "wb", 0) as file:
            file.write(b"D[0, true]")
    except OSError:
        pass""",
    "its parent's memory": """
frame(mark)
with open(f"/proc/{os.getppid()}/mem", "r+b") as file:
    file.seek(1 << 22)
    file.write(b"x")""",
}
SOULS = {name: f"{REACH}\n{body}\nreturn 1" for name, body in BODIES.items()}
