"""An import inside of a function: the module is known when it has been imported before."""


def import_inside(flag):
    if flag:
        import math

        return math.pi
    return 0


CALLS = [(False,), (True,)]
