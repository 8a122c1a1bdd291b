"""Slices of every shape, on built-in sequences and on a class."""

class Probe:
    def __getitem__(self, key): return key
    def __setitem__(self, key, value): print("set", key, value)
    def __delitem__(self, key): print("del", key)

def cut(s, a, b, c):
    return s[a:b:c]

ends = (None, 0, 1, 3, -1, -4, 10, -10)
for s in (list(range(6)), tuple(range(6)), "abcdef", range(6)):
    print([cut(s, a, b, c) for a in ends for b in ends for c in (None, 1, 2, -1, -3)])
try:
    cut([1], 0, 1, 0)
except ValueError as e:
    print(e)
p = Probe()
print(p[1:2], p[:], p[::2, 3], p[..., None], p[()], p[1, 2])
p[1:2] = 5; p[...] = 6; del p[3:4], p[1, 2:3]
