"""An instruction that is not compiled hands the frame over."""


def unsupported(flag):
    if flag:
        import math

        return math.pi
    return 0


CALLS = [(False,), (True,)]
EXITS = True
