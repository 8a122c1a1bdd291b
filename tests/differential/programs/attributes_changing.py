"""Attribute sites whose instances change layout: order of stores, deletion, __dict__, __class__, shadowing."""

class A:
    x = "class"
    def get(self): return self.x

class B(A):
    x = "sub"

def read(o):
    return o.x

a = A(); b = B()
objs = [a, b, A(), B()]
objs[2].x = 1
objs[3].y = 2; objs[3].x = 3
for round in range(3):
    for _ in range(40):
        r = [read(o) for o in objs]
    print(r)
A.x = "changed"
print([read(o) for o in objs], a.get())
del B.x
print([read(o) for o in objs])
objs[2].__dict__["x"] = 99
objs[2].__dict__ = {"x": "new dict", "z": 0}
print([read(o) for o in objs], vars(objs[2]))
del objs[3].x
print(read(objs[3]))
b.__class__ = A
print(type(b).__name__, read(b))
del A.x
for o in objs:
    try:
        print(read(o))
    except AttributeError as e:
        print(e)
class Order:
    def __init__(self, flag):
        if flag:
            self.a = 1; self.b = 2
        else:
            self.b = 2; self.a = 1
print([list(vars(Order(i % 2))) for i in range(60)][-2:])
many = A()
for i in range(60):
    setattr(many, f"attr{i}", i)
print(sum(getattr(many, f"attr{i}") for i in range(60)), list(vars(many))[:3])
