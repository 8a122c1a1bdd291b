"""SystemExit with a message from inside nested hot calls; exit handlers and finally blocks run."""
import atexit
import sys

atexit.register(print, "atexit")

def deep(n):
    try:
        if n == 0:
            sys.exit("stopped")
        deep(n - 1)
    finally:
        if n % 10 == 0:
            print("finally", n)

def harmless(n):
    return n and harmless(n - 1)

for _ in range(30):
    harmless(30)
deep(40)
