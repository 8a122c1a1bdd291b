"""A fork in the middle of hot code: parent and child go on with the same state."""
import os
import sys

def work(n):
    t = 0
    for i in range(n):
        t = (t * 31 + i) % 1000003
    return t

print(work(2000))
sys.stdout.flush()
r, w = os.pipe()
for k in range(3):
    pid = os.fork()
    if pid == 0:
        try:
            os.write(w, f"{k}:{[work(500 + k) for _ in range(30)][-1]};".encode())
        finally:
            os._exit(k)
    _, status = os.waitpid(pid, 0)
    print(os.waitstatus_to_exitcode(status), os.read(r, 100))
print(work(1000))
