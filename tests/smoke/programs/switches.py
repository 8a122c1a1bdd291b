"""Greenlets that switch in the middle of compiled frames: loops, inlined callees, handlers, generators, deep stacks."""

import sys
import threading

import greenlet

SWITCH = greenlet.getcurrent().switch


def case(name: str, value: object) -> None:
    print(f"case {name}: {value!r}", flush=True)


def inner(other, value):
    return other.switch(value)


def counter(other, n):
    """A hot loop, each iteration of which leaves its stack in the middle of an inlined call."""
    total = 0
    for i in range(n):
        total += inner(other, i) * 2
    return total


def ping_pong(n):
    main = greenlet.getcurrent()
    log = 0

    def partner(value):
        nonlocal log
        while True:
            log += value
            value = main.switch(value + 1)

    other = greenlet.greenlet(partner)
    return counter(other, n), log


def interleaved(count, n):
    """Several stacks in the same compiled function, each somewhere else."""
    main = greenlet.getcurrent()
    done = []

    def body(name):
        total = 0.0
        for i in range(n):
            total += name + i * 0.5
            if i % (name + 2) == 0:
                main.switch()
        done.append((name, total))

    tasks = [greenlet.greenlet(body) for _ in range(count)]
    rounds = 0
    while not all(task.dead for task in tasks):
        for name, task in enumerate(tasks):
            if not task.dead:
                task.switch(name) if not task else task.switch()
        rounds += 1
    return rounds, done


def thrown(n):
    """An exception that enters a suspended compiled loop from another stack, and is handled there."""
    main = greenlet.getcurrent()

    def body():
        caught = 0
        for i in range(n):
            try:
                main.switch(i)
            except ValueError as error:
                caught += error.args[0]
        return caught

    task = greenlet.greenlet(body)
    task.switch()
    for i in range(n - 1):
        if i % 3:
            task.switch()
        else:
            task.throw(ValueError(i))
    return task.switch()


def deep(n, level):
    """Switches away at the bottom of a recursion, in every iteration."""
    if level:
        return deep(n, level - 1) + 1
    total = 0
    for i in range(n):
        total += greenlet.getcurrent().parent.switch(i)
    return total


def recursive(n, level):
    task = greenlet.greenlet(deep)
    value = task.switch(n, level)
    while not task.dead:
        value = task.switch(value)
    return value


def generator_body(n):
    for i in range(n):
        yield greenlet.getcurrent().parent.switch(i)


def through_generators(n):
    task = greenlet.greenlet(lambda: sum(generator_body(n)))
    value = task.switch()
    while not task.dead:
        value = task.switch(value * 2)
    return value


def killed(n):
    """Suspended compiled frames that are never resumed: what they hold is released, their `finally` runs."""
    log = []

    class Held:
        def __init__(self, i):
            self.i = i

        def __del__(self):
            log.append(self.i)

    def body(i):
        held = Held(i)
        try:
            for _ in range(10):
                greenlet.getcurrent().parent.switch(held.i)
        finally:
            log.append(-i)

    for i in range(1, n):
        task = greenlet.greenlet(body)
        task.switch(i)
        task.switch()
        del task
    return len(log), log[:6], log[-6:]


def frames_of(n):
    """What a suspended stack shows, and its locals."""
    main = greenlet.getcurrent()

    def leaf(value):
        local = value * 3
        main.switch()
        return local

    def body():
        total = 0
        for i in range(n):
            total += leaf(i)
        return total

    task = greenlet.greenlet(body)
    seen = []
    task.switch()
    while not task.dead:
        frame = task.gr_frame
        shown = []
        while frame is not None:
            names = {k: v for k, v in frame.f_locals.items() if isinstance(v, int)}
            shown.append((frame.f_code.co_name, frame.f_lineno, tuple(sorted(names.items()))))
            frame = frame.f_back
        seen.append(shown)
        task.switch()
    return len(seen), seen[0], seen[-1]


def in_threads(n):
    results = []

    def body(k):
        results.append((k, ping_pong(n + k)))

    threads = [threading.Thread(target=body, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(results)


def traced(n):
    """Trace functions belong to a thread; greenlet's own trace function sees each switch."""
    events = []
    greenlet.settrace(lambda event, args: events.append(event))
    try:
        ping_pong(n)
    finally:
        greenlet.settrace(None)
    return len(events), sorted(set(events))


def limits(n):
    """The depth of recursion is that of one stack."""

    def down(level):
        return level if level == 0 else down(level - 1) + 1

    found = []
    for _ in range(n):
        task = greenlet.greenlet(down)
        found.append(task.switch(300))

    def endless(level):
        try:
            return endless(level + 1)
        except RecursionError:
            return level

    here = endless(0)
    there = greenlet.greenlet(endless).switch(0)
    return sum(found), here > 900, there > 900


for round in range(30):
    results = {
        "ping_pong": ping_pong(400),
        "interleaved": interleaved(6, 60),
        "thrown": thrown(200),
        "recursive": recursive(60, 50),
        "generators": through_generators(200),
        "killed": killed(40),
        "frames": frames_of(40),
        "threads": in_threads(60),
        "traced": traced(50),
        "limits": limits(5),
    }
    for name, value in results.items():
        case(f"{name}/{round}", value)
case("references", sys.getrefcount(SWITCH) < 1000)
