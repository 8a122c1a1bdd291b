"""A generator that hands on what others yield, with operands on its stack meanwhile."""


def delegation(items):
    return len(items), [(yield from items), (yield)]


for _ in range(30):
    list(delegation("abc"))

CALLS = [([1, 2],), ("abc",)]
