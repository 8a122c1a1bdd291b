"""Binary operators at places that see numbers of several classes and instances of classes with operators in Python."""

import decimal
import fractions

order = []


class V:
    def __init__(self, x):
        self.x = x

    def __repr__(self):
        return f"{type(self).__name__}({self.x!r})"

    def __add__(self, other):
        order.append("V.add")
        return V(self.x + other.x) if isinstance(other, V) else NotImplemented

    def __radd__(self, other):
        order.append("V.radd")
        return V(("radd", other)) if isinstance(other, (int, float)) else NotImplemented

    def __sub__(self, other):
        order.append("V.sub")
        return V(self.x - other.x)

    def __mul__(self, other):
        order.append("V.mul")
        if other == 13:
            raise ValueError("thirteen")
        return V(self.x * other)

    def __truediv__(self, other):
        order.append("V.truediv")
        return NotImplemented

    def __mod__(self, other):
        return "mod", other

    def __matmul__(self, other):
        return "matmul", other

    def __and__(self, other):
        return "and", other


class W(V):
    def __radd__(self, other):
        order.append("W.radd")
        return W(("W", other.x if isinstance(other, V) else other))


class Same(V):
    pass


class InPlace(V):
    def __iadd__(self, other):
        order.append("iadd")
        self.x += 1
        return self


class Other:
    def __repr__(self):
        return "Other"

    def __rtruediv__(self, other):
        order.append("Other.rtruediv")
        return "rtruediv", other

    def __rsub__(self, other):
        return "rsub", other

    def __radd__(self, other):
        order.append("Other.radd")
        return NotImplemented


class Words(list):
    def __add__(self, other):
        order.append("Words.add")
        return NotImplemented

    def __mul__(self, other):
        order.append("Words.mul")
        return NotImplemented


class Turncoat(V):
    def __add__(self, other):
        self.__class__ = Same
        return NotImplemented


def add(a, b):
    return a + b


def sub(a, b):
    return a - b


def mul(a, b):
    return a * b


def div(a, b):
    return a / b


def floor(a, b):
    return a // b


def mod(a, b):
    return a % b


def rest(a, b):
    return a @ b, a & b


def power(a, b):
    return a**b


def iadd(a, b):
    a += b
    return a


def isub(a, b):
    a -= b
    return a


def imul(a, b):
    a *= b
    return a


def idiv(a, b):
    a /= b
    return a


FUNCTIONS = [add, sub, mul, div, floor, mod, rest, power, iadd, isub, imul, idiv]


def attempt(function, a, b):
    del order[:]
    try:
        result = function(a, b)
    except Exception as error:
        result = type(error).__name__, str(error)
    return repr(result), tuple(order)


def operands():
    numbers = [0, 1, -7, True, 2**31, 2**70, -(2**64), 0.0, -0.0, 1.5, -2.5, 1e308, float("inf"), float("nan"), 2j]
    objects = [V(1), V(2.5), W(3), Same(4), InPlace(5), Other(), Words([1]), [1], (2,), "s", None, decimal.Decimal(2)]
    return numbers, [*objects, fractions.Fraction(1, 3)]


def numbers_only():
    numbers, _ = operands()
    return [(f.__name__, a, b, attempt(f, a, b)) for f in FUNCTIONS if f is not power for a in numbers for b in numbers]


def everything():
    numbers, objects = operands()
    few = [*numbers[:3], 1.5, 13]
    out = []
    for f in FUNCTIONS:
        for a in objects:
            for b in few:
                out.append((f.__name__, attempt(f, a, b), attempt(f, b, a)))
        for n in range(len(objects)):
            for m in range(len(objects)):
                _, fresh = operands()
                out.append((f.__name__, n, m, attempt(f, fresh[n], fresh[m])))
    out.append(attempt(add, Turncoat(1), V(2)))
    out.append(attempt(add, Turncoat(1), Other()))
    return out


for topic in (numbers_only, everything):
    for _ in range(4):
        lines = topic()
    print(topic.__name__, len(lines))
    for line in lines:
        print("   ", line)

# A method that is replaced, taken away, and given to an instance, which does not count.
v = V(1)
for _ in range(40):
    add(v, v)
v.__add__ = lambda other: "instance"
print(attempt(add, v, v))
V.__add__ = lambda self, other: ("replaced", other)
print(attempt(add, v, v))
del V.__add__
print(attempt(add, v, v), attempt(add, v, 1), attempt(add, W(1), v))
V.__add__ = str.__add__
print(attempt(add, v, v))
V.__add__ = staticmethod(lambda other: ("static", other))
print(attempt(add, v, v))
V.__add__ = classmethod(lambda cls, other: ("class", cls.__name__, other))
print(attempt(add, v, v))
V.__add__ = None
print(attempt(add, v, v))
