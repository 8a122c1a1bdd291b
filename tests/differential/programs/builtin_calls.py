"""Known builtins at hot sites with ordinary, unusual and wrong arguments."""
import math

def many(x):
    return len(str(x)), abs(-x), min(x, 3), max(x, 3), isinstance(x, int), isinstance(x, (str, float)), ord("a"), chr(97 + x % 20), sum([x, 1]), divmod(x, 3), round(x / 3, 2), bool(x), int(x), float(x), repr(x), hash(x), pow(x, 2), id(x) == id(x), callable(x), type(x).__name__

for i in range(60):
    r = many(i)
print(r)
print(many(True), many(-5))
for bad in ("s", None):
    try:
        many(bad)
    except TypeError as e:
        print(e)
class L:
    def __len__(self): return 7
    def __abs__(self): return "abs"
    def __round__(self, n=None): return n
    def __instancecheck__(self, x): return True
print(len(L()), abs(L()), round(L(), 3), isinstance(4, L()))
def math_loop(n):
    s = 0.0
    for i in range(1, n):
        s += math.sqrt(i) + math.sin(i) * math.floor(i / 2) - math.log(i)
    return s
print(math_loop(200).hex(), [round(x) for x in (0.5, 1.5, 2.5, -0.5, 2.675)])
for f, a in [(len, (5,)), (ord, ("ab",)), (chr, (-1,)), (int, ("x",)), (max, ((),)), (sum, (["a"],)), (math.sqrt, (-1,)), (isinstance, (1, 5)), (range, (1.5,)), (abs, ("s",))]:
    try:
        print(f(*a))
    except Exception as e:
        print(f.__name__, type(e).__name__, e)
print(sorted("hello"), list(reversed("abc")), any([0, 1]), all([]), list(zip("ab", [1, 2], strict=True)), list(enumerate("a", 1)))
