"""Integer operators over small, negative and mixed-sign operands."""

def ops(a, b):
    return a + b, a - b, a * b, a & b, a | b, a ^ b, ~a, -a, +b, a < b, a <= b, a == b, a != b, a > b, a >= b

total = 0
for i in range(-20, 21):
    for j in (-7, -1, 0, 1, 2, 13):
        r = ops(i, j)
        total += sum(r)
        if i % 10 == 0:
            print(i, j, r)
print(total)
