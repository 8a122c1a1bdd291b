"""raise, except, else, finally, re-raise, chaining, exception groups, matching order."""

class MyError(Exception):
    def __init__(self, code): super().__init__("my", code); self.code = code

def risky(i):
    if i % 7 == 0: raise MyError(i)
    if i % 5 == 0: raise ValueError(f"v{i}")
    if i % 3 == 0: return [1][i]
    return i

def handle(i):
    trace = []
    try:
        trace.append("try")
        trace.append(risky(i))
    except MyError as e:
        trace.append(("my", e.code, e.args))
    except (ValueError, TypeError) as e:
        trace.append(("v", str(e)))
        return trace
    except LookupError:
        trace.append("lookup")
    else:
        trace.append("else")
    finally:
        trace.append("finally")
    return trace

for i in range(64):
    r = handle(i)
    if i < 22: print(i, r)

def chain(kind):
    try:
        try:
            1 / 0
        except ZeroDivisionError as e:
            if kind == 0: raise KeyError("implicit")
            if kind == 1: raise KeyError("explicit") from e
            if kind == 2: raise KeyError("none") from None
            raise
    except Exception as e:
        return type(e).__name__, repr(e.__cause__), repr(e.__context__), e.__suppress_context__

for _ in range(20):
    r = [chain(k) for k in range(4)]
print(r)
try:
    raise ExceptionGroup("g", [ValueError(1), TypeError(2), KeyError(3)])
except* ValueError as g:
    print("values", g.exceptions)
except* (TypeError, KeyError) as g:
    print("others", g.exceptions)
for bad in (5, "str", None, int):
    try:
        raise bad
    except BaseException as e:
        print(type(e).__name__, e)
