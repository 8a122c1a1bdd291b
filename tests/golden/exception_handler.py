"""A handler that has been needed is an entry of the unit; numbers stay unboxed around the loop that it rejoins."""


def exception_handler(items):
    total = 0
    for i in range(6):
        try:
            total += items[i]
        except IndexError as error:
            total -= len(error.args)
    return total


CALLS = [([1, 2, 3],)]
HANDLERS = True
EXITS = True  # an index is out of range: stock raises
