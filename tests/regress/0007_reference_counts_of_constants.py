"""sys.getrefcount of a constant counts the operand in every form of the call."""

import sys


def differences():
    global held
    before = sys.getrefcount(None), sys.getrefcount("a constant"), sys.getrefcount(3.25)
    held = None
    after = sys.getrefcount(None)
    del held
    return after - before[0], sys.getrefcount(None) - before[0], before[1:] == (sys.getrefcount("a constant"), sys.getrefcount(3.25))


for _ in range(40):
    found = differences()
print(found)
