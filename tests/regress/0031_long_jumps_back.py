"""Loops whose jump back has a distance of a multiple of 256: the last byte of its argument is zero, as that of a return."""

import dis


def make(statements, additions):
    body = ["def f(items):", "    total, x, y = 0, 1, 2", "    for i in items:"]
    body += ["        x = y"] * statements + ["        total += i"] * additions + ["    return total, x"]
    names = {}
    exec("\n".join(body), names)
    return names["f"]


functions = [make(statements, additions) for statements in range(245, 260) for additions in (1, 2)]
jumps = [step.arg for f in functions for step in dis.get_instructions(f) if step.opname == "JUMP_BACKWARD"]
print(sum(argument % 256 == 0 for argument in jumps) > 0)
for f in functions:
    shown = {f([1, 2, 3]) for _ in range(60)}
    print(shown)
