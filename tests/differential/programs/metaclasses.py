"""Metaclasses, __prepare__, __init_subclass__, __call__, class bodies, __class_getitem__."""

log = []

class Meta(type):
    @classmethod
    def __prepare__(mcls, name, bases, **kw):
        log.append(("prepare", name, kw))
        return {"injected": 1}
    def __new__(mcls, name, bases, ns, **kw): return super().__new__(mcls, name, bases, ns)
    def __init__(cls, name, bases, ns, **kw): super().__init__(name, bases, ns)
    def __call__(cls, *args):
        log.append(("call", cls.__name__, args))
        return super().__call__(*args)
    @property
    def meta_property(cls): return cls.__name__.upper()
    def __len__(cls): return 42

class Base(metaclass=Meta, option=3):
    def __init_subclass__(cls, **kw):
        super().__init_subclass__()
        cls.registered = kw
    def __class_getitem__(cls, item): return (cls.__name__, item)
    squares = [i * i for i in range(5)]
    total = 0
    for i in range(10):
        total += i

class Child(Base, tag="t"):
    pass

for _ in range(30):
    x = Child()
print(log[:3], len(log), Child.registered, Child[int], Base.squares, Base.total, Base.i, Base.injected)
print(Child.meta_property, len(Base), bool(Base), type(Child), [hasattr(x, "meta_property")])
class Single:
    _it = None
    def __new__(cls):
        if cls._it is None:
            cls._it = super().__new__(cls)
        return cls._it
print(all(Single() is Single() for _ in range(30)))
class NotSelf:
    def __new__(cls): return 5
    def __init__(self): print("never")
print(NotSelf())
class BadInit:
    def __init__(self): return 1
try:
    BadInit()
except TypeError as e:
    print(e)
