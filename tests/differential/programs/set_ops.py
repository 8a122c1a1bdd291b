"""set and frozenset."""

def closure(start, edges):
    seen = set(start)
    work = list(start)
    while work:
        n = work.pop()
        for m in edges.get(n, ()):
            if m not in seen:
                seen.add(m)
                work.append(m)
    return seen

edges = {i: [(i * 3) % 17, (i + 5) % 17] for i in range(0, 17, 2)}
for start in range(17):
    print(sorted(closure([start], edges)))
a, b = {1, 2, 3}, frozenset((3, 4))
print(a & b, a | b, a - b, a ^ b, a <= b, a.isdisjoint({9}), {x % 3 for x in range(10)}, 3 in a, len(a))
try:
    {[]}
except TypeError as e:
    print(e)
