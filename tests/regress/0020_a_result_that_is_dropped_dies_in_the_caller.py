"""An inlined function makes an object that its caller drops at once: the object died before the elided frame had ended."""

import sys


class Dying:
    def __init__(self, log):
        self.log = log

    def __del__(self):
        frame = sys._getframe(1)
        self.log.append((frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno))


def make(log):
    return Dying(log)


def make_late(log):
    first = 1
    second = 2
    return Dying(log)


def dropping(n):
    log = []
    for i in range(n):
        make(log)
        make_late(log)
        kept = make(log)
        kept = 1
        [make(log), make(log)]
    return log


for turn in range(5):
    for name, line in dropping(30):
        print(name, line)
