"""Context managers: order, suppression, exceptions in enter and exit, several at once, return through with."""

class CM:
    def __init__(self, name, log, suppress=False, fail=""): self.name, self.log, self.suppress, self.fail = name, log, suppress, fail
    def __enter__(self):
        self.log.append("+" + self.name)
        if self.fail == "enter": raise ValueError("enter " + self.name)
        return self.name
    def __exit__(self, kind, value, tb):
        self.log.append(f"-{self.name}:{kind and kind.__name__}:{value}")
        if self.fail == "exit": raise KeyError("exit " + self.name)
        return self.suppress

def run(what, suppress, fail):
    log = []
    try:
        with CM("a", log), CM("b", log, suppress, fail) as b:
            log.append(b)
            if what == "raise": raise TypeError("body")
            if what == "return": return log
        log.append("after")
    except Exception as e:
        log.append((type(e).__name__, e.args, type(e.__context__).__name__))
    return log

for what in ("", "raise", "return"):
    for suppress in (False, True):
        for fail in ("", "enter", "exit"):
            for _ in range(15):
                r = run(what, suppress, fail)
            print(what, suppress, fail, r)
def loop():
    out = []
    for i in range(6):
        with CM(str(i), out):
            if i == 1: continue
            if i == 4: break
    return out
print([loop() for _ in range(10)][-1])
for bad in (5, object()):
    try:
        with bad: pass
    except TypeError as e:
        print(e)
