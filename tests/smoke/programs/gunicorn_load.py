"""A Flask application under gunicorn: workers are forked after the application has been loaded and has become hot, and serve
requests over loopback in several threads, while some of them are replaced."""

import hashlib
import http.client
import json
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

APPLICATION = """
import os
from flask import Flask, abort, jsonify, render_template_string, request, session

app = Flask(__name__)
app.secret_key = "smoke"

class Score:
    def __init__(self, word):
        self.word = word
    def value(self):
        total = 0
        for k, letter in enumerate(self.word):
            total += (ord(letter) * (k + 1)) % 31
        return total

def primes(n):
    sieve = [True] * (n + 1)
    for i in range(2, int(n ** 0.5) + 1):
        if sieve[i]:
            for j in range(i * i, n + 1, i):
                sieve[j] = False
    return [i for i in range(2, n + 1) if sieve[i]]

@app.get("/score/<word>")
def score(word):
    return jsonify(word=word, score=Score(word).value())

@app.get("/primes/<int:n>")
def some(n):
    return render_template_string("{% for p in found %}{{ p }}{% if not loop.last %},{% endif %}{% endfor %}", found=primes(n))

@app.post("/sum")
def add():
    return {"sum": sum(row["a"] * row["b"] for row in request.get_json()["rows"])}

@app.get("/visits")
def visits():
    session["n"] = session.get("n", 0) + 1
    return str(session["n"])

@app.get("/fail/<int:n>")
def fail(n):
    if n % 3 == 0:
        abort(418)
    return str(10 // (n % 2))

@app.get("/pid")
def pid():
    return str(os.getpid())

with app.test_client() as client:
    for k in range(60):
        client.get(f"/score/warm{k}"); client.get("/primes/50"); client.get("/visits")
"""

REQUESTS = 120
THREADS = 4


def requests(thread: int):
    for k in range(REQUESTS):
        match k % 5:
            case 0:
                yield "GET", f"/score/word{thread}x{k}", None
            case 1:
                yield "GET", f"/primes/{k * 10 + thread}", None
            case 2:
                yield "POST", "/sum", json.dumps({"rows": [{"a": k, "b": i} for i in range(50)]})
            case 3:
                yield "GET", "/visits", None
            case 4:
                yield "GET", f"/fail/{k + thread}", None


def ask(port: int, method: str, path: str, body: str | None, tries: int = 5) -> tuple[int, bytes]:
    """One request; a worker that is just being replaced may close the connection."""
    for attempt in range(tries):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
            response = connection.getresponse()
            return response.status, response.read()
        except (ConnectionError, http.client.HTTPException):
            if attempt == tries - 1:
                raise
            time.sleep(0.1)
        finally:
            connection.close()
    raise AssertionError


def serve(kind: str, folder: Path) -> None:
    socket_file = folder / "port"
    config = folder / "gunicorn.conf.py"
    config.write_text(
        f"def when_ready(server):\n    open({str(socket_file)!r}, 'w').write(str(server.LISTENERS[0].sock.getsockname()[1]))\n"
    )
    command = [sys.executable, "-m", "gunicorn", "--config", str(config), "--preload", "--workers", "2", "--bind", "127.0.0.1:0",
               "--worker-class", kind, "--threads", "2" if kind == "gthread" else "1", "--max-requests", "150",
               "--log-level", "error", "application:app"]  # fmt: skip
    server = subprocess.Popen(command, cwd=folder)
    try:
        end = time.monotonic() + 60
        while not (socket_file.exists() and socket_file.read_text()):
            assert time.monotonic() < end and server.poll() is None, "the server did not start"
            time.sleep(0.05)
        port = int(socket_file.read_text())
        answers: dict[int, list[tuple[int, bytes]]] = {}

        def client(thread: int) -> None:
            answers[thread] = [ask(port, *request) for request in requests(thread)]

        threads = [threading.Thread(target=client, args=(k,)) for k in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        pids = {ask(port, "GET", "/pid", None)[1] for _ in range(20)}
        for thread, rows in sorted(answers.items()):
            statuses = {status: sum(row[0] == status for row in rows) for status in sorted({row[0] for row in rows})}
            digest = hashlib.sha256(b"\n".join(row[1] for row in rows)).hexdigest()[:16]
            print(f"case {kind}-{thread}: {len(rows)} answers {statuses} {digest}", flush=True)
        print(f"case {kind}-workers: {0 < len(pids) <= 20}", flush=True)
    finally:
        server.send_signal(signal.SIGTERM)
        print(f"case {kind}-status: {server.wait(60)}", flush=True)


with tempfile.TemporaryDirectory() as name:
    folder = Path(name)
    (folder / "application.py").write_text(APPLICATION)
    for kind in ("sync", "gthread", "gevent"):
        (folder / "port").unlink(missing_ok=True)
        serve(kind, folder)
