"""Loops whose integers grow past one digit, past a machine word and back."""

def fact(n):
    r = 1
    for i in range(2, n + 1):
        r *= i
    return r

def shrink(n):
    steps = 0
    while n > 1:
        n //= 3
        steps += 1
    return steps

def edges(start, step):
    out = []
    x = start
    for _ in range(6):
        out.append(x)
        x += step
    return out

for n in range(40):
    print(n, fact(n), shrink(fact(n)))
for base in (2**30, 2**31, 2**60, 2**62, 2**63, 2**64):
    print(edges(base - 3, 1), edges(-base + 3, -1), edges(base, base))
x = 1
for _ in range(70):
    x = x * 2 + 1
    y = -x
    print(x, y, x + y, x - y, x & 0xFF, y >> 3)
