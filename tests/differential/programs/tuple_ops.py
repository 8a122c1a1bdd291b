"""tuple: build, unpack, index, compare, hash, concatenation."""

def swap(t):
    a, b, *rest = t
    return (b, a, *rest)

def dist(p, q):
    return sum((a - b) ** 2 for a, b in zip(p, q))

t = (1, 2, 3, 4)
for _ in range(101):
    t = swap(t)
print(t, dist((1, 2), (4, 6)), t[1:], t[-1], t + (5,), t * 2, (1, 2) < (1, 2, 0), hash((1, 2)) == hash((1, 2)))
def unpack2(x):
    a, b = x
    return b, a
for x in [(1, 2), [3, 4], "ab", {5: 1, 6: 2}, range(2), (1,), (1, 2, 3), 5, iter([1, 2, 3])]:
    try:
        print(unpack2(x))
    except Exception as e:
        print(type(e).__name__, e)
print((1, (2, 3)), (), (1,), tuple(i for i in range(3)), 3 in (1, 2, 3), (1, 2, 1).count(1))
