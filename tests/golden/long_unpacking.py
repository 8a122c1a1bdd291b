"""An unpacking into many locals that have values is one call; what is used of them afterwards is read from the frame."""


def long_unpacking(rows):
    total = 0
    for row in rows:
        a, b, c, d, e, f, g, h = row
        a, b, c, d, e, f, g, h = row
        total += a - b + c - d + e - f + g - h
    return total


CALLS = [([(5, 2, 3, 4, 5, 6, 7, 8)] * 4,)]
