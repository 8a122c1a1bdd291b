"""A number that an exit boxed into a dead object got a second digit, which objects of one digit have no room for.

Only the debugging allocator minds, so a program with many such exits runs under it.
"""

import os
import subprocess
import sys
from pathlib import Path

program = Path(__file__).resolve().parent.parent / "differential" / "programs" / "handlers_native.py"
done = subprocess.run([sys.executable, program], env={**os.environ, "PYTHONMALLOC": "debug"}, check=False)
print(done.returncode)


def count(n):
    total = 0
    for i in range(n):
        total += i
    return total


print([count(30) for _ in range(30)][-1])
