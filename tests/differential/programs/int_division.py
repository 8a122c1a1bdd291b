"""Floor division, remainder, divmod and shifts with every combination of signs, and their exceptions."""

def div(a, b):
    return a // b, a % b, divmod(a, b), (a // b) * b + a % b == a

def attempt(f, *args):
    try:
        return f(*args)
    except Exception as e:
        return type(e).__name__, e.args

values = [-100, -9, -8, -7, -1, 0, 1, 7, 8, 9, 100, 2**40, -(2**40), 2**70, -(2**70)]
for a in values:
    print(a, [attempt(div, a, b) for b in values])
for a in values:
    print(a, [attempt(lambda x, n: (x << n, x >> n), a, n) for n in (-1, 0, 1, 29, 30, 31, 63, 64, 100)])
print([attempt(pow, a, b, m) for a in (2, -3, 10) for b in (0, 5, -1) for m in (7, -7, 1)])
print([attempt(lambda a, b: a / b, a, b) for a in (1, -7, 2**1100) for b in (3, 0, 2**1099)])
