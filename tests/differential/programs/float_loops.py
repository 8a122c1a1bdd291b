"""Numeric loops: accumulation order must be kept to the last bit."""

def harmonic(n):
    s = 0.0
    for i in range(1, n):
        s += 1.0 / i
    return s

def newton(x):
    r = x
    for _ in range(30):
        r = 0.5 * (r + x / r)
    return r

def mandel(cr, ci):
    zr = zi = 0.0
    for n in range(60):
        zr, zi = zr * zr - zi * zi + cr, 2 * zr * zi + ci
        if zr * zr + zi * zi > 4.0:
            return n
    return -1

print(harmonic(3000).hex(), [newton(float(x)).hex() for x in range(1, 20)])
print([[mandel(x / 10, y / 10) for x in range(-20, 6)] for y in range(-10, 11, 4)])
