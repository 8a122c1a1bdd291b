"""A process is only arranged for patched loops when it runs its first one. Tracing and profiling that have begun by then see what they
see in stock, in the functions that are running and in those that are called."""

import sys

events = []


def note(frame, event, arg):
    if frame.f_code.co_filename == __file__:
        events.append((frame.f_code.co_name, frame.f_lineno, event))
    return note


def start():
    sys.setprofile(note)
    sys.settrace(note)


def stop():
    sys.settrace(None)
    sys.setprofile(None)


def count(n):
    total = 0
    while total < n:
        total += 1
    return total


def numbers(n):
    for i in range(n):
        yield i


start()
count(3)
for _ in numbers(2):
    count(1)
stop()
print(events)

events.clear()
for _ in range(40):
    count(5)
start()
print(count(4), list(numbers(3)))
stop()
print(events)
