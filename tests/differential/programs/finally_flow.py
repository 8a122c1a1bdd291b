"""return, break and continue through finally, nested; the last one wins."""

def f(kind):
    log = []
    for i in range(3):
        try:
            log.append(i)
            if kind == "break": break
            if kind == "continue": continue
            if kind == "return": return log
            if kind == "raise": raise ValueError(i)
        except ValueError:
            log.append("caught")
        finally:
            log.append("f")
            if kind == "override" and i == 1: return "overridden"
            if kind == "swallow":
                continue
    else:
        log.append("else")
    return log

for kind in ("", "break", "continue", "return", "raise", "override", "swallow"):
    for _ in range(30):
        r = f(kind)
    print(kind, r)

def nested():
    out = []
    try:
        try:
            try:
                raise KeyError("k")
            finally:
                out.append("inner")
        except KeyError:
            out.append("except")
            raise TypeError("t")
        finally:
            out.append("middle")
    except TypeError as e:
        out.append(str(e.__context__))
    finally:
        out.append("outer")
    return out
print([nested() for _ in range(20)][-1])
def last():
    while True:
        try:
            return 1
        finally:
            break
    return 2
print(last())
def name_gone():
    try:
        raise ValueError
    except ValueError as e:
        pass
    try:
        return e
    except UnboundLocalError as x:
        return str(x)
print(name_gone())
