"""Cyclic garbage, finalisers, weakref callbacks and gc.callbacks in allocating loops."""
import gc
import weakref

gc.collect()
gc.set_threshold(50, 5, 5)
died = 0
class Node:
    def __init__(self): self.me = self
    def __del__(self):
        global died
        died += 1

def make(n):
    for i in range(n):
        Node()
        t = [i, [i]]
make(2000)
gc.collect()
print(died)
called = []
def run(n):
    for i in range(n):
        a = Node(); weakref.finalize(a, called.append, i)
run(100)
gc.collect()
print(sorted(called) == list(range(100)))
gc.freeze(); gc.unfreeze()
class Res:
    store = []
    def __init__(self, n): self.n = n; self.c = self
    def __del__(self): Res.store.append(self)
for i in range(20):
    Res(i)
gc.collect()
print(sorted(r.n for r in Res.store), gc.garbage)
