"""Tracebacks with lines and columns from every kind of failing expression in a warm function."""
import traceback

def fail(kind, d, o):
    if kind == 0: return d["a"]["b"]["c"]
    if kind == 1: return o.x.y.z
    if kind == 2: return (1 + len(o)
                          + d)
    if kind == 3: return [i / (i - 3) for i in range(5)]
    if kind == 4: a, b = d["t"]; return a
    if kind == 5: return undefined_name + 1
    if kind == 6: return fail(0, {"a": {}}, o) + fail(1, d, o)
    if kind == 7:
        for x in 5: pass
    if kind == 8: d["t"][10] = 1
    if kind == 9: del d["zz"]
    if kind == 10: return f"{o!r:>{d['w']}}"
    if kind == 11: raise RuntimeError("explicit") from KeyError(1)
    if kind == 12: assert d == {}, "message"
    if kind == 13: return o(1)(2)
    if kind == 14: return -o
    if kind == 15: return o < 1 < 2
    if kind == 16: import no_such_module_here
    if kind == 17: return (lambda q: q.missing)(d)
    return None

for _ in range(60):
    fail(99, {}, "o")
for kind in range(18):
    try:
        fail(kind, {"a": {"b": {}}, "t": (1, 2, 3)}, "obj")
    except Exception:
        traceback.print_exc(limit=None)
        import sys
        tb = sys.exc_info()[2]
        while tb:
            print(tb.tb_lineno, list(tb.tb_frame.f_code.co_positions())[tb.tb_lasti // 2])
            tb = tb.tb_next
