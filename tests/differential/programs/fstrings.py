"""f-strings: conversions, nested format specs, expressions, debugging form, __format__."""

class F:
    def __format__(self, spec): return f"<{spec}>"
    def __str__(self): return "str"
    def __repr__(self): return "repr"

def fmt(n, x, o, w):
    return f"{n}|{n:05d}|{n:x}|{n:,}|{x:.3f}|{x:{w}.{2}e}|{o}|{o!r}|{o!s:>6}|{o:abc}|{n=}|{x!r}|{{}}|{n + 1:>{w}}|{'q' + str(n)}"

for i in range(40):
    r = fmt(i * 1000, i / 7, F(), 10)
print(r)
print(f"{'nested ' + f'{1 + 1}'}", f"{lambda_ if (lambda_ := 3) else 0}", f"{[i for i in range(3)]}", f"{1!r}" "tail", f"")
for bad in (lambda: f"{1:q}", lambda: f"{'s':d}", lambda: f"{None:5}"):
    try:
        bad()
    except (ValueError, TypeError) as e:
        print(type(e).__name__, e)
