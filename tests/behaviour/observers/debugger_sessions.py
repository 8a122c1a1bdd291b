"""Scripted sessions of pdb."""
import io, pdb, sys

class Point:
    def __init__(self, x): self.x = x
    def get(self): return self.x

def add(a, b):
    c = a + b
    return c

def work(n, p):
    total = 0
    for i in range(n):
        total = add(total, i)
        total += p.get()
    return total

def stop_inside(n, at, debugger):
    total = 0.0
    for i in range(n):
        if i == at:
            debugger.set_trace()
        total = total + i * 0.5
        total = add(total, 1)
    return total

def gen(n):
    for i in range(n):
        x = i * 2
        yield x

def consume(n):
    return sum(gen(n))

def handler(n):
    bad = 0
    for i in range(n):
        try:
            if i % 3 == 0:
                raise ValueError(i)
        except ValueError as e:
            bad += e.args[0]
    return bad

class Script(pdb.Pdb):
    def __init__(self, lines):
        self.out = io.StringIO()
        super().__init__(stdin=io.StringIO("\n".join(lines) + "\n"), stdout=self.out, nosigint=True, readrc=False)
        self.use_rawinput = False
        self.prompt = "> "

def show(debugger):
    print(debugger.out.getvalue().replace(__file__, "FILE"))

def warm():
    for _ in range(60):
        work(30, Point(3)); stop_inside(30, -1, None); consume(10); handler(12)
    for _ in range(3):
        work(500, Point(2)); stop_inside(500, -1, None); consume(500)

def session(lines, call):
    warm()
    d = Script(lines)
    try:
        value = d.runcall(*call)
    except Exception as e:
        value = repr(e)
    sys.settrace(None)
    show(d)
    print("->", value)

session(["step", "step", "step", "p n", "next", "p total", "until 16", "p total", "return", "continue"], (work, 5, Point(1)))
session(["b add", "continue", "p a, b", "up", "p i, total", "!total = 100", "down", "continue", "clear 1", "up", "p total", "continue"], (work, 4, Point(1)))
session(["b 14, i == 3", "continue", "p i", "p total", "jump 15", "p total", "next", "next", "p i, total", "continue"], (work, 5, Point(7)))
session(["b 10", "tbreak 11", "continue", "continue", "where", "p c", "!c = 5", "continue", "cl 2", "cl 1", "continue"], (work, 3, Point(1)))
session(["display total", "b 15", "continue", "continue", "a", "whatis p", "pp vars(p)", "!p.x = 50", "continue", "cl 3", "continue"], (work, 3, Point(1)))
session(["step", "step", "s", "s", "s", "s", "s", "s", "r", "c"], (consume, 3))
session(["b 32", "c", "c", "p e", "n", "n", "cl 4", "c"], (handler, 7))
for at in (0, 1, 13, 250):
    warm()
    d = Script(["p i, total", "!total = 1000.0", "n", "p total", "s", "s", "s", "bt", "u", "p i", "jump 22", "n", "c"])
    v = stop_inside(300, at, d)
    sys.settrace(None)
    show(d)
    print(v)
def post():
    def f(n):
        for i in range(n):
            y = i / (50 - i)
        return y
    for _ in range(40): f(20)
    try: f(60)
    except ZeroDivisionError as e:
        d = Script(["p i, y, n", "u", "l", "q"])
        d.reset()
        try: d.interaction(None, e.__traceback__)
        except Exception as q: print(repr(q))
        show(d)
for _ in range(3): post()
