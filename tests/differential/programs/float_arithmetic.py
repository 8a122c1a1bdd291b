"""Float operators on ordinary and special values, with exact results by repr and sign."""
import math

SPECIAL = [0.0, -0.0, 1.5, -2.25, 1e308, -1e308, 5e-324, float("inf"), float("-inf"), float("nan")]

def ops(a, b):
    out = [a + b, a - b, a * b]
    for f in (lambda: a / b, lambda: a // b, lambda: a % b, lambda: divmod(a, b), lambda: a**b):
        try:
            out.append(f())
        except Exception as e:
            out.append((type(e).__name__, e.args))
    return out

for a in SPECIAL:
    for b in SPECIAL:
        print(a, b, ops(a, b), a < b, a <= b, a == b, a != b, a > b, a >= b)
print([math.copysign(1, x) for x in (0.0 * -1, -0.0 + 0.0, 0.0 - 0.0, -0.0 - 0.0, 0.0 // -1, -0.0 % 5)])
