"""__iter__, __next__, __getitem__ iteration, iter(callable, sentinel), exceptions inside iterators."""

class It:
    def __init__(self, n): self.n = n
    def __iter__(self): return self
    def __next__(self):
        if self.n <= 0: raise StopIteration
        self.n -= 1
        return self.n

class Seq:
    def __getitem__(self, i):
        if i > 4: raise IndexError
        return i * 10

class Bad:
    def __iter__(self): return 5

class Raises:
    def __iter__(self): yield 1; raise KeyError("inside")

def consume(x):
    out = []
    for v in x:
        out.append(v)
    return out

for _ in range(30):
    r = consume(It(5)), consume(Seq()), consume("ab"), consume({1: 2}), consume(range(3)), consume((1, 2)), consume({3}), consume(b"ab"), consume(i for i in "xy"), consume(zip("ab", "cd")), consume({1: 2}.items()), consume(map(str, [1]))
print(r)
for bad in (Bad(), 5, Raises(), None):
    try:
        print(consume(bad))
    except Exception as e:
        print(type(e).__name__, e)
c = iter(range(10))
print(list(iter(lambda: next(c), 5)), 3 in It(5), 20 in Seq(), [*It(3)], max(It(4)), dict(zip(It(2), Seq())))
it = It(3)
print(next(it), next(it), next(it), next(it, "default"))
try:
    next(it)
except StopIteration as e:
    print("stop", e.args)
