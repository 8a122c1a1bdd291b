"""Coroutines driven by hand: send, throw, close, __await__, cr_frame, never-awaited warnings excluded."""
import types

class Pause:
    def __init__(self, v): self.v = v
    def __await__(self):
        got = yield self.v
        return got

@types.coroutine
def old(n):
    r = yield n
    return ("old", r)

async def co(n):
    out = []
    for i in range(n):
        out.append(await Pause(i))
    out.append(await old("o"))
    return out

def drive(n):
    c = co(n)
    seen = [c.send(None)]
    try:
        while True:
            seen.append(c.send(len(seen)))
    except StopIteration as e:
        return seen, e.value

for _ in range(40):
    r = drive(4)
print(r)
c = co(3)
print(c.send(None), c.cr_running, c.cr_frame.f_locals["n"], c.cr_await is not None)
try:
    c.throw(ValueError("in"))
except ValueError as e:
    print(e, c.cr_frame)
c = co(3); c.send(None); c.close()
try:
    c.send(None)
except RuntimeError as e:
    print(e)
