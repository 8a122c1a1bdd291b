"""A trace function that moves f_lineno and edits locals through the frame's f_locals snapshot."""
import sys

def target(n):
    out = []
    out.append(1)
    out.append(2)
    out.append(3)
    for i in range(n):
        out.append(i)
    return out

def jumper(frame, event, arg):
    if frame.f_code is not target.__code__:
        return None
    if event == "line" and frame.f_lineno == target.__code__.co_firstlineno + 3:
        frame.f_lineno += 1
    return jumper

for _ in range(60):
    plain = target(4)
sys.settrace(jumper)
jumped = target(4)
sys.settrace(None)
print(plain, jumped, target(2))
