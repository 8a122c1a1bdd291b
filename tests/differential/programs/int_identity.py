"""Small integers are shared objects, larger ones are not compared by identity; bool is an int."""

def add(a, b):
    return a + b

same = 0
for i in range(-10, 260):
    x = add(i, 0)
    y = add(i - 1, 1)
    if -5 <= i <= 256:
        same += x is y
print(same)
print(add(True, True), type(add(True, False)), True + 1.5, True & False, True | 2, type(True & True), ~True)
print([isinstance(v, int) for v in (True, 1, 1.0)], sum([True] * 300), -True)
def compare(a, b):
    return (a < b) is True, (a == b) is (b == a)
print([compare(i, 5) for i in range(10)])
