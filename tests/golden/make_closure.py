"""A function is made whose variable is a cell of this one."""


def make_closure(step):
    return [f(10) for f in (lambda x: x + step,)]


CALLS = [(4,), (9,)]
