"""Structural pattern matching of every kind."""
from dataclasses import dataclass

@dataclass
class P:
    x: object
    y: object = 0

class Q:
    __match_args__ = ("a",)
    def __init__(self, a): self.a = a

def m(v):
    match v:
        case 0 | 1: return "small"
        case True: return "never"
        case int(n) if n > 100: return ("big", n)
        case int() | float(): return "number"
        case "lit": return "literal"
        case str() as s: return ("str", s)
        case []: return "empty"
        case [x]: return ("one", x)
        case [x, *rest] if rest == []: return "never"
        case [1, (2 | 3) as y, *_]: return ("123", y)
        case (a, b): return ("pair", a, b)
        case [first, *mid, last]: return ("seq", first, mid, last)
        case {"k": 1, **rest}: return ("k1", rest)
        case {"k": {"n": n}}: return ("nested", n)
        case {}: return "mapping"
        case P(x=0): return "P0"
        case P(x, P(y)): return ("PP", x, y)
        case P(x, y): return ("P", x, y)
        case Q(a): return ("Q", a)
        case None: return "none"
        case _: return "other"

values = [0, 1, True, 5, 101, 2.5, "lit", "s", [], [7], [1, 2, 3], [1, 9], (4, 5), [1, 2, 3, 4], [9, 8, 7], {"k": 1, "z": 2},
          {"k": {"n": 3}}, {"q": 1}, {}, P(0), P(1, P(2)), P(1, 2), Q("a"), None, object, b"ab", {1, 2}, range(3)]
for _ in range(30):
    r = [m(v) for v in values]
for v, x in zip(values, r):
    print(x)
try:
    match P(1):
        case P(a, b, c): pass
except TypeError as e:
    print(e)
