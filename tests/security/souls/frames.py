"""Walks along what runs: frames, tracebacks, generators, exceptions."""

READ = 'return opened(world["secret"]).read()'
FRAME = f'opened = frame.f_builtins["open"]\n{READ}'
SOULS = {
    "the frame by sys": f"import sys\nframe = sys._getframe()\n{FRAME}",
    "the frame below": """
import sys
frame = sys._getframe()
while frame:
    if "HOST_SECRET" in frame.f_globals:
        return frame.f_globals["HOST_SECRET"]
    frame = frame.f_back
""",
    "a generator's frame": f"frame = (number for number in [1]).gi_frame\n{FRAME}",
    "a running generator's frame": f"""
def numbers():
    yield held[0].gi_frame
held = []
held.append(numbers())
frame = next(held[0])
{FRAME}
""",
    "the frame behind a generator": f"""
def numbers():
    frame = held[0].gi_frame.f_back.f_back
    yield frame
held = []
held.append(numbers())
frame = [*held[0]][0]
{FRAME}
""",
    "a coroutine's frame": f"""
async def wait():
    return 0
waiting = wait()
frame = waiting.cr_frame
waiting.close()
{FRAME}
""",
    "an asynchronous generator's frame": f"""
async def numbers():
    yield 0
frame = numbers().ag_frame
{FRAME}
""",
    "a traceback": f"""
try:
    1 / 0
except ZeroDivisionError as error:
    frame = error.__traceback__.tb_frame
{FRAME}
""",
    "with_traceback": f"""
try:
    raise ValueError("x")
except ValueError as error:
    frame = error.with_traceback(error.__traceback__).__traceback__.tb_frame
{FRAME}
""",
    "the context of an exception": f"""
try:
    try:
        1 / 0
    except ZeroDivisionError:
        [][1]
except IndexError as error:
    frame = error.__context__.__traceback__.tb_frame
{FRAME}
""",
    "the cause of an exception": f"""
try:
    try:
        1 / 0
    except ZeroDivisionError as first:
        raise ValueError from first
except ValueError as error:
    frame = error.__cause__.__traceback__.tb_frame
{FRAME}
""",
    "the exception by sys": f"""
import sys
try:
    1 / 0
except ZeroDivisionError:
    frame = sys.exc_info()[2].tb_frame
{FRAME}
""",
    "the object of an AttributeError": f"""
try:
    print.nothing
except AttributeError as error:
    opened = error.obj.__self__.open
{READ}
""",
    "the value of a StopIteration": f"""
def numbers():
    return open
    yield
try:
    next(numbers())
except StopIteration as error:
    opened = error.value
{READ}
""",
    "inspect": f"import inspect\nframe = inspect.currentframe()\n{FRAME}",
    "the stack by traceback": f"import traceback\nframe = [*traceback.walk_stack(None)][0][0]\n{FRAME}",
    "a trace function": f"""
import sys
seen = []
sys.settrace(lambda frame, event, argument: seen.append(frame))
(lambda: 0)()
sys.settrace(None)
frame = seen[0]
{FRAME}
""",
    "a profile function": f"""
import sys
seen = []
sys.setprofile(lambda frame, event, argument: seen.append(frame))
(lambda: 0)()
sys.setprofile(None)
frame = seen[0]
{FRAME}
""",
    "the frames of all threads": f"import sys\nframe = [*sys._current_frames().values()][0]\n{FRAME}",
    "all objects": """
import gc
for one in gc.get_objects():
    if type(one) is dict and type(one.get("HOST_SECRET")) is str:
        return one["HOST_SECRET"]
""",
    "who refers to it": """
import gc
for one in gc.get_referrers(execution):
    if type(one) is dict and "HOST_SECRET" in one:
        return one["HOST_SECRET"]
""",
    "an audit hook": f"""
import sys
seen = []
sys.addaudithook(lambda event, arguments: seen.append(event))
opened = open
{READ}
""",
}
