"""List, set, dict and generator comprehensions, nested, with conditions, with scopes of their own."""

import sys

def matrix(n):
    m = [[i * n + j for j in range(n)] for i in range(n)]
    t = [[row[k] for row in m] for k in range(n)]
    return sum(x for row in t for x in row if x % 2), {i: j for i, j in enumerate(t[0])}, {x % 4 for row in m for x in row}

for n in range(1, 12):
    print(matrix(n))
x = "outer"
print([x for x in range(3)], x, [(lambda: y)() for y in range(3)], [z for z in (lambda: range(2))()])
def scope():
    fs = [lambda: i for i in range(3)]
    return [f() for f in fs], [a + b for a in "ab" for b in "cd" if a != b]
print(scope())
print([i for i in range(30) if i % 2 if i % 3], [[]for _ in range(2)], [*range(3), *"ab"], {**{"a": 1}, **{"b": 2}})
try:
    [1 / (i - 5) for i in range(10)]
except ZeroDivisionError as e:
    print(e)
def sizes(n):
    appended, seen = [], []
    for i in range(n):
        appended.append(i)
        seen.append(sys.getsizeof(appended))
    return [sys.getsizeof([i for i in range(k)]) for k in range(n)], seen
for n in 3, 40, 1200:
    print(sizes(n))
class K:
    n = 4
    values = [i for i in range(n)]
print(K.values)
