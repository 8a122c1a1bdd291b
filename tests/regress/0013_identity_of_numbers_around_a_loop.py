"""A number that a loop carries was taken out of its object and put into a new one for each use, so that it was not itself."""


def carried(x, n):
    same = 0
    for i in range(n):
        x = x + 0.5
        y = x if i % 3 else 2.5
        same += (y if i % 2 else x) is x
        same += x is x
    return same


def kept(x, n):
    held, same = [], 0
    while n:
        n -= 1
        x = x * 1.5
        held.append(x)
        same += x is held[-1]
        z = x
    return same, z is x, z is held[-1]


def ints(n):
    total, last, same = 10**6, None, 0
    for i in range(n):
        same += total is last
        if i % 2:
            total += 10**6
        last = total
    return same


def default(x, n, missing=float("nan")):
    value, found = missing, 0
    for i in range(n):
        if value is not missing:
            found += 1
        if i % 5 == 2:
            value = x * i
        elif i % 5 == 4:
            value = missing
    return found


for _ in range(60):
    result = carried(1.5, 20), kept(1.5, 10), ints(11), default(0.5, 23)
print(result)
