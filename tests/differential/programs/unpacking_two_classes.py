"""Places that take lists as well as tuples apart, of right and wrong lengths, while finalizers change the list."""


class Clears:
    def __init__(self, target):
        self.target = target

    def __del__(self):
        self.target.clear()


class Sub(tuple):
    def __iter__(self):
        return iter(("sub", "class", "iterates"))


def several(v):
    a, b, c = v
    c, a, b = v
    (a, b, c) = v
    return a, b, c


def in_loop(v, n):
    total = 0
    for _ in range(n):
        a, b = v
        total += a
        b, a = v
        total += b
    return total


def clearing(v):
    a = Clears(v)
    a, b, c = v
    return a, b, c, len(v)


def attempt(function, *args):
    try:
        return function(*args)
    except Exception as error:
        return type(error).__name__, str(error)


for number in range(60):
    lines = [
        several((1, 2, 3)), several([1, 2, 3]), several("xyz"), several({7: 1, 8: 2, 9: 3}), several(Sub((1, 2, 3))),
        attempt(several, (1, 2)), attempt(several, [1, 2]), attempt(several, [1, 2, 3, 4]), attempt(several, 5),
        attempt(several, iter([1, 2, 3])), in_loop((1, 2), 50), in_loop([1, 2], 50), attempt(in_loop, [1, 2, 3], 50),
        clearing([object, int, str]), clearing([1, "2" * number, [3]]),
    ]
for line in lines:
    print(line)
