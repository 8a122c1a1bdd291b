"""Branches that have never run when their function becomes hot, and run afterwards: now and then, always, one after the other."""

import sys


def now_and_then(x):
    total = x
    if x % 97 == 0:
        total = {"a": x}["a"] + len(str(x))
    elif x < 0:
        raise ValueError(f"negative: {x}")
    return total * 2


def by_opcode(code, stack):
    if code == 0:
        stack.append(code)
    elif code == 1:
        stack[-1] = stack[-1] + 1
    elif code == 2:
        stack.append(stack[-1] * 2)
    elif code == 3:
        stack.append(str(len(stack)))
        stack.pop()
    elif code == 4:
        a, b = stack[-1], len(stack)
        stack[-1] = a - b
    elif code == 5:
        stack[:] = stack[-3:]
    elif code == 6:
        stack.append(max(stack, key=abs))
        stack.sort(key=str, reverse=True)
    else:
        raise KeyError(code)
    return stack[-1]


def caught(x):
    try:
        if x > 900:
            raise LookupError(x)
        return x + 1
    except LookupError as error:
        return error.args[0] - 1
    finally:
        if x == 950:
            sys.stdout.write(f"finally {x}\n")


def loop_with_late_parts(n, wanted):
    found, other = [], 0
    for i in range(n):
        if i in wanted:
            found.append(i * 1.5)
            continue
        if i > 700:
            other += i // 3
            while other > 5000:
                other -= 4999
    else:
        found.append(len(found))
    return found, other


def after_the_loop(n):
    total = 0
    for i in range(n):
        total += i
    names = [str(k) for k in range(3)]
    for name in names:
        total += len(name)
    return total, names


def yielding(n):
    for i in range(n):
        if i % 100 == 99:
            got = yield f"hundred {i}"
            if got is not None:
                yield got.upper()
        else:
            yield i


class Account:
    def __init__(self, balance):
        self.balance = balance

    def withdraw(self, amount):
        if amount > self.balance:
            self.overdrawn = amount - self.balance
            raise OverflowError(self.overdrawn)
        self.balance -= amount
        return self.balance

    def __del__(self):
        if self.balance == 13:
            print("thirteen")


def withdrawals(account, amounts):
    refused = 0
    for amount in amounts:
        try:
            account.withdraw(amount)
        except OverflowError as error:
            refused += error.args[0]
    return account.balance, refused


def with_locals(x, flag):
    y = x + 1
    if flag:
        z = y * 2
        frame = sys._getframe()
        return sorted(k for k in frame.f_locals.items() if k[0] != "frame"), frame.f_lineno - frame.f_code.co_firstlineno
    return y


def deep(x, n):
    if n:
        return deep(x, n - 1) + 1
    if x > 990:
        return sum(frame_depths())
    return x


def frame_depths():
    frame, depth = sys._getframe(), 0
    while frame is not None:
        yield depth % 3
        frame, depth = frame.f_back, depth + 1


print([now_and_then(i) for i in range(1, 97)][-3:])
print(sum(now_and_then(i) for i in range(1, 20000)))
try:
    now_and_then(-5)
except ValueError as error:
    print(error, error.__traceback__.tb_next.tb_lineno - now_and_then.__code__.co_firstlineno)

for code in range(8):
    stack = [1, 2]
    try:
        for turn in range(1500):
            by_opcode(0 if turn % 7 else code, stack)
            del stack[20:]
    except KeyError as error:
        print("unknown", error)
    print(code, stack[-3:])

print(sum(caught(i) for i in range(1000)))
for n in (500, 1200, 1200, 1200):
    print(loop_with_late_parts(n, {3, 77, 650}))
for n in (10, 9000, 10, 9000):
    print(after_the_loop(n))
for _ in range(4):
    generator = yielding(1000)
    shown = []
    for value in generator:
        if type(value) is str:
            shown.append(value)
            if len(shown) % 3 == 0:
                shown.append(generator.send("sent"))
    print(shown)
print(withdrawals(Account(10_000), [3] * 3000))
print(withdrawals(Account(10_000), [3, 50_000] * 3000))
print(withdrawals(Account(13), [100] * 200))
print([with_locals(i, i > 996) for i in range(1000)][-4:])
print(sum(deep(i, 3) for i in range(1000)), deep(995, 10))
