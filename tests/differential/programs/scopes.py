"""global, nonlocal, shadowed builtins, names that appear and disappear while functions run."""
import builtins

g = 1
def bump():
    global g, created
    g += 1
    created = g
    return g

def use_len(x):
    return len(x)

for _ in range(60):
    bump(); use_len("abc")
print(g, created, use_len("ab"))
len = lambda x: "shadowed"
print(use_len("ab"))
del len
print(use_len("ab"))
builtins.special = 5
def sp(): return special
print([sp() for _ in range(40)][-1])
builtins.special = 6
print(sp())
special = 7
print(sp())
del special
print(sp())
del builtins.special
try:
    sp()
except NameError as e:
    print(e)
def local_before():
    try:
        return q
    except UnboundLocalError as e:
        return str(e)
    q = 1
print([local_before() for _ in range(20)][-1])
def del_local(flag):
    v = 1
    if flag: del v
    try: return v
    except UnboundLocalError as e: return str(e)
print([del_local(i % 2) for i in range(40)][-2:])
def nest():
    a = 0
    def b():
        nonlocal a
        a += 1
        def c():
            nonlocal a
            a *= 2
            return a
        return c()
    return [b() for _ in range(10)]
print(nest())
exec("def dyn(x): return x + g", globals())
print([dyn(i) for i in range(40)][-1], eval("g + 1"), sorted(k for k in locals() if k in ("g", "bump")))
ns = {"__builtins__": {"abs": abs}}
exec("def f(x):\n    return abs(x)\nr = [f(-i) for i in list((1,2,3))]" .replace("list", ""), ns)
print(ns["r"])
