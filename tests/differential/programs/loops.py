"""while and for with else, break and continue, nested; ranges of every sort; loops over changing bounds."""

def primes(n):
    out = []
    for i in range(2, n):
        for j in out:
            if j * j > i: 
                out.append(i); break
            if i % j == 0: break
        else:
            out.append(i)
    return out

def collatz(n):
    steps = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
        if steps > 1000: break
    else:
        return steps
    return -1

print(primes(120), max(collatz(i) for i in range(1, 300)))
def rng(a, b, c):
    out = []
    for i in range(a, b, c):
        out.append(i)
    return out, i if out else None
for a, b, c in [(0, 5, 1), (5, 0, -1), (0, 0, 1), (10, 0, -3), (0, 10, 4), (2**62, 2**62 + 3, 1), (2**70, 2**70 + 2, 1), (-3, 3, 2)]:
    print(rng(a, b, c), len(range(a, b, c)) if a < 2**63 else "")
try:
    rng(0, 1, 0)
except ValueError as e:
    print(e)
def enum(xs):
    return [(i, x, y) for i, (x, y) in enumerate(zip(xs, reversed(xs)), 5)]
for _ in range(30):
    r = enum("abc")
print(r, list(map(lambda a, b: a * b, [1, 2, 3], [4, 5])), list(filter(None, [0, 1, "", 2])))
def nested():
    found = None
    for i in range(20):
        for j in range(20):
            for k in range(3):
                if i * j == 91 and k == 1:
                    found = i, j, k
                    break
            else: continue
            break
        else: continue
        break
    return found, i, j, k
print(nested())
i = 10
while i:
    i -= 1
    if i == 5: continue
    if i == 2: break
print(i)
