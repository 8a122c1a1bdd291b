"""sys.getrefcount of a local that a loop's unit has taken over from the interpreter counts the operand, too."""

import sys


class Plain:
    pass


def counted(n):
    total, holder = 0, Plain()
    for k in range(n):
        total += 3
        (holder, total)
    return sys.getrefcount(holder)


print([counted(40) for _ in range(60)])
