"""Profile events, C calls included, switched on mid-loop."""
import sys

events = []
def profiler(frame, event, arg):
    events.append((event, frame.f_code.co_name, getattr(arg, "__name__", None) if event.startswith("c_") else None))

def callee(x):
    return len(str(x))

def loop(n, at):
    t = 0
    for i in range(n):
        if i == at:
            sys.setprofile(profiler)
        t += callee(i)
        t += max(i, 3)
        try:
            int("x") if i == at + 1 else None
        except ValueError:
            pass
        if i == at + 2:
            sys.setprofile(None)
    return t

for _ in range(40):
    loop(30, 1000)
print(loop(30, 10))
for e in events:
    print(*e)
