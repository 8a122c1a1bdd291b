"""A variable of the enclosing function."""


def make(step):
    def closure(x):
        return x + step

    return closure


closure = make(3)

CALLS = [(4,), (9,)]
