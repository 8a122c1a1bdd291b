"""Signals in tight loops: the handler runs, sees the interrupted function, and its exception is caught there."""
import signal
import time

class Tick(Exception): pass
seen = []
def handler(signum, frame):
    seen.append(frame.f_code.co_name)
    raise Tick

signal.signal(signal.SIGALRM, handler)

def tight():
    n = 0
    while True:
        n += 1

def ranged():
    for i in range(10**12):
        pass

def caught():
    try:
        tight()
    except Tick:
        return "caught inside"

for f in (tight, ranged, caught):
    signal.setitimer(signal.ITIMER_REAL, 0.03)
    try:
        print(f())
    except Tick:
        print("tick", f.__name__)
print(seen)
signal.signal(signal.SIGUSR1, lambda s, f: seen.append("usr1"))
def send():
    for _ in range(3):
        signal.raise_signal(signal.SIGUSR1)
    return len(seen)
print(send(), seen[-3:])
def interrupted():
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, 0.03)
    try:
        tight()
    except KeyboardInterrupt:
        return "interrupt"
print(interrupted())
