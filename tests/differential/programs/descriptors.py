"""Data and non-data descriptors, __set_name__, __getattr__, __getattribute__, __setattr__."""

class Data:
    def __set_name__(self, owner, name): self.name = name
    def __get__(self, obj, cls): return "class" if obj is None else ("data", obj.__dict__.get(self.name))
    def __set__(self, obj, value): obj.__dict__[self.name] = value + 1

class NonData:
    def __get__(self, obj, cls): return "nondata"

class C:
    d = Data()
    n = NonData()
    def __getattr__(self, name):
        if name.startswith("dyn_"):
            return name[4:]
        raise AttributeError(f"no {name}")

class Strict:
    def __getattribute__(self, name): return ("all", name)
    def __setattr__(self, name, value): print("setattr", name, value)
    def __delattr__(self, name): print("delattr", name)

c = C()
for i in range(50):
    c.d = i
    r = c.d, c.n, c.dyn_x, C.d
print(r)
c.n = "own"
print(c.n)
for name in ("other", "dyn_", "d"):
    try:
        print(getattr(c, name))
    except AttributeError as e:
        print(e)
s = Strict()
for _ in range(30):
    r = s.anything
print(r); s.q = 1; del s.q
