"""A signal that arrives during a call is handled before the next instruction, not at the next loop or function entry."""

import _thread
import signal

handled = []
text = "a" * 40_000_000


def handler(number, frame):
    handled.append(number)


def raising(number, frame):
    raise KeyError(number)


def generic():
    before = len(handled)
    _thread.interrupt_main(signal.SIGUSR1)
    behind = len(handled) - before
    return behind


def unpacked(args):
    before = len(handled)
    _thread.interrupt_main(*args)
    behind = len(handled) - before
    return behind


def interrupted():
    x = 0
    try:
        _thread.interrupt_main(signal.SIGUSR2)
        x = 1
    except KeyError:
        return x, "raised"
    return x, "later"


def count(seconds):
    before = len(handled)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    text.count("ab")
    behind = len(handled) - before
    return behind


signal.signal(signal.SIGUSR1, handler)
signal.signal(signal.SIGUSR2, raising)
signal.signal(signal.SIGALRM, handler)
for _ in range(30):
    counts = generic(), unpacked((signal.SIGUSR1,)), interrupted()
print(counts, len(handled))
for _ in range(30):
    count(0)
print([count(0.0001) for _ in range(3)])
