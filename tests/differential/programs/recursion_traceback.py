"""The traceback of a RecursionError, repeated lines folded by the interpreter."""
import sys

sys.setrecursionlimit(200)

def down(n):
    return 1 + down(n + 1)

def warm(n):
    return 0 if n == 0 else 1 + warm(n - 1)

for _ in range(40):
    warm(50)
print(warm(50), flush=True)
down(0)
