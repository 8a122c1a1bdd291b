"""A function is made whose variable is a cell of this one; MAKE_CELL is not compiled, so stock runs it."""


def make_closure(step):
    return [f(10) for f in (lambda x: x + step,)]


CALLS = [(4,), (9,)]
EXITS = True
