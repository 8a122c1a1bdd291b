"""A list that changes while it is iterated, and iterators that are shared."""

def grow(a, limit):
    for x in a:
        if len(a) < limit:
            a.append(x * 2)
    return a

def drop(a):
    seen = []
    for x in a:
        seen.append(x)
        a.remove(x)
    return seen, a

for _ in range(30):
    r = grow([1, 2, 3], 12), drop(list(range(9)))
print(r)
it = iter(range(10))
print([(a, b) for a, b in zip(it, it)], list(it))
it = iter([1, 2, 3, 4])
for x in it:
    print(x, next(it, "end"))
def partial(it):
    for x in it:
        if x == 3:
            return list(it)
for _ in range(20):
    r = partial(iter([1, 2, 3, 4, 5]))
print(r, list(reversed([1, 2, 3])))
