"""Somebody sets a frame evaluation function over ours: frames that stock then starts by itself met patched back-edges, and
functions with loops returned their iterators. The new evaluator sees every call that it would see in stock, those of functions
that were running in machine code, too."""

import _testinternalcapi


def count(numbers):
    n = 0
    for x in numbers:
        n += x
    return n


def leaf(x):
    return x + 1


def outer(numbers):
    return count(numbers)


def changes(n, at, change, *args):
    total = 0
    for i in range(n):
        if i == at:
            change(*args)
        total = leaf(total) + count((i, 1))
    return total


def warm():
    for _ in range(100):
        outer([1, 2])
        changes(3, -1, None)


warm()
_testinternalcapi.set_eval_frame_default()
print(count([1, 2]), outer([1, 2]))
warm()

for at in (0, 5, 19):
    seen = []
    total = changes(20, at, _testinternalcapi.set_eval_frame_record, seen)
    print(outer([3]))
    _testinternalcapi.set_eval_frame_default()
    print(at, total, seen)
    print(changes(20, at, _testinternalcapi.set_eval_frame_default))
