"""int, float, complex and bool in one expression; a function whose operand types change midway."""

def mix(a, b):
    return a * b + a - b

for a in (3, 2.5, True, 2**70, 1 + 2j, -0.0):
    print([mix(a, b) for b in (2, 0.5, False, -(2**65), 3j)])

def accumulate(values):
    t = 0
    seen = []
    for v in values:
        t = t + v
        seen.append(type(t).__name__)
    return t, seen

for _ in range(50):
    accumulate(list(range(20)))
print(accumulate([1] * 5 + [0.5] * 3 + [2**80, 1j]))
print(2**53 == float(2**53), 2**53 + 1 == float(2**53), 2**53 + 1 > float(2**53), 10**400 > float("inf"), hash(1.0) == hash(1))
