"""del of names, items, attributes and slices; finalisers run at the statement that drops the last reference."""

events = []
class D:
    def __init__(self, n): self.n = n
    def __del__(self): events.append(self.n)

def f(i):
    a = D(("a", i)); events.append("made a")
    b = a
    del a; events.append("del a")
    b = None; events.append("b none")
    c = [D(("c", i))]
    del c[0]; events.append("del item")
    d = D(("d", i))
    d = D(("d2", i)); events.append("rebound")
    D(("temp", i)); events.append("after temp")
    return "ret"

for i in range(30):
    events.clear()
    f(i)
    events.append("returned")
print(events)
def g():
    for x in [D(1), D(2), D(3)]:
        events.append(("loop", x.n))
        del x
    events.append("end")
events.clear(); g(); print(events)
def h():
    x = D("local")
    try:
        raise ValueError
    except ValueError:
        events.append("handler")
    x = 5
    events.append("x")
events.clear(); h(); print(events)
class O: pass
o = O(); o.a = D("attr"); events.clear(); del o.a; events.append("after"); print(events)
for bad in (lambda: exec("del zz"), lambda: O().__delattr__("q"), lambda: [].__delitem__(0)):
    try:
        bad()
    except Exception as e:
        print(type(e).__name__, e)
