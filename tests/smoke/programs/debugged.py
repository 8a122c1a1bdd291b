"""What the debugger session of debugger.py runs: functions that are hot before the first breakpoint is set."""

import os
import threading


class Account:
    def __init__(self, balance):
        self.balance = balance

    def add(self, amount):
        total = self.balance + amount
        self.balance = total
        return total


def fee(amount):
    rate = 3
    return amount * rate // 100


def process(account, n):
    result = 0
    for i in range(n):
        cost = fee(i)
        result += account.add(i - cost)
    return result


def numbers(n):
    for i in range(n):
        square = i * i
        yield square


def consume(n):
    total = 0
    for value in numbers(n):
        total += value
    return total


def risky(n):
    failures = 0
    for i in range(n):
        try:
            if i % 7 == 3:
                raise ValueError(i)
        except ValueError as error:
            failures += error.args[0]
    return failures


def all_of_it(n):
    return process(Account(0), n), consume(n), risky(n)


for turn in range(60):
    all_of_it(40)
if os.environ.get("DEBUGGED_LISTENS"):
    import debugpy

    debugpy.listen(("127.0.0.1", int(os.environ["DEBUGGED_LISTENS"])))
    print("listening", flush=True)
    debugpy.wait_for_client()
print(all_of_it(12), flush=True)
worker = threading.Thread(target=lambda: print(all_of_it(9), flush=True), name="worker")
worker.start()
worker.join()
for turn in range(60):
    all_of_it(40)
print(all_of_it(40), flush=True)
