"""An uncaught exception through several frames, with a cause, shown by the interpreter itself."""

class Node:
    def __init__(self, depth): self.child = Node(depth - 1) if depth else None
    def walk(self, n):
        if self.child is None:
            return 10 // n
        return self.child.walk(n) + 1

root = Node(5)
for i in range(1, 60):
    root.walk(i)
print(root.walk(3))
try:
    root.walk("x")
except TypeError as e:
    raise RuntimeError("while walking") from e
