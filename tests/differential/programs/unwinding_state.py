"""sys.exc_info through nested handlers, generators and finally blocks; exceptions raised while handling."""
import sys

def info(): 
    e = sys.exc_info()[1]
    return None if e is None else f"{type(e).__name__}({e})"

def gen():
    yield info()
    try:
        raise KeyError("in gen")
    except KeyError:
        yield info()
    yield info()

def f():
    out = [info()]
    try:
        raise ValueError("outer")
    except ValueError:
        out.append(info())
        g = gen()
        out += [next(g), next(g), info(), next(g)]
        try:
            raise TypeError("inner")
        except TypeError:
            out.append(info())
            try:
                pass
            finally:
                out.append(info())
        out.append(info())
    out.append(info())
    return out

for _ in range(40):
    r = f()
print(r)
def context(n):
    try:
        try:
            {}["a"]
        finally:
            if n % 2: [][1]
    except LookupError as e:
        return type(e).__name__, type(e.__context__).__name__, type(e.__context__ and e.__context__.__context__).__name__
print([context(i) for i in range(40)][-2:])
def bare():
    try:
        raise
    except RuntimeError as e:
        return str(e)
print([bare() for _ in range(20)][-1])
def loop_handlers(n):
    got = 0
    for i in range(n):
        try:
            if i % 3 == 0: raise ValueError(i)
            if i % 5 == 0: raise KeyError(i)
        except ValueError as e:
            got += e.args[0]
        except KeyError as e:
            got -= e.args[0]
        else:
            got += 1
    return got, info()
print(loop_handlers(300))
