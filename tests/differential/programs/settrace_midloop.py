"""A trace function switched on and off in the middle of hot loops: the event sequence is exact."""
import sys

events = []
base = sys._getframe().f_code.co_firstlineno

def tracer(frame, event, arg):
    value = arg[0].__name__ if event == "exception" else repr(arg)
    events.append((event, frame.f_code.co_name, frame.f_lineno, value))
    return tracer

def helper(x):
    if x % 2:
        return x * 3
    return x

def switch(on):
    if on:
        sys.settrace(tracer)
        sys._getframe(1).f_trace = tracer
    else:
        sys.settrace(None)

def loop(n, start, stop):
    total = 0
    for i in range(n):
        if i == start:
            switch(True)
        total += helper(i)
        if i == stop:
            switch(False)
    return total

def failing(n):
    for i in range(n):
        if i == n - 2:
            switch(True)
        try:
            10 // (n - 1 - i)
        except ZeroDivisionError:
            break
    switch(False)

for _ in range(40):
    loop(50, -1, -1)
loop(60, 30, 33)
print(len(events))
for e in events:
    print(e)
events.clear()
failing(20)
for e in events:
    print(e)
print(loop(50, -1, -1))
