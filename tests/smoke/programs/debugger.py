"""A scripted session of the real debugpy with functions that were compiled before it attached: breakpoints, conditions, stepping
in, out and over, changed variables, evaluated expressions, exceptions, another thread, and running on after the last one."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).with_name("debugged.py")
LINES = {text.strip(): number for number, text in enumerate(PROGRAM.read_text().splitlines(), 1)}
count = 0


def case(value: object) -> None:
    global count
    count += 1
    print(f"case step-{count}: {value!r}", flush=True)


class Session:
    """A client of the debug adapter protocol."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.stream = self.socket.makefile("rb")
        self.number = 0
        self.waiting: list[dict] = []

    def read(self) -> dict:
        length = 0
        while line := self.stream.readline().strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        if not length:
            raise EOFError
        return json.loads(self.stream.read(length))

    def send(self, command: str, **arguments: object) -> int:
        self.number += 1
        body = json.dumps({"seq": self.number, "type": "request", "command": command, "arguments": arguments}).encode()
        self.socket.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        return self.number

    def answer(self, number: int) -> dict:
        while True:
            message = self.read()
            if message["type"] == "response" and message["request_seq"] == number:
                return message.get("body") or {"success": message["success"], "message": message.get("message")}
            if message["type"] == "event":
                self.waiting.append(message)

    def ask(self, command: str, **arguments: object) -> dict:
        return self.answer(self.send(command, **arguments))

    def event(self, *names: str) -> dict:
        while True:
            for message in self.waiting:
                if message["event"] in names:
                    self.waiting.remove(message)
                    return message
            message = self.read()
            if message["type"] == "event":
                self.waiting.append(message)

    def stopped(self) -> int | None:
        """Waits until it stops, and shows where, with all locals."""
        event = self.event("stopped", "terminated")
        if event["event"] == "terminated":
            case("terminated")
            return None
        thread = event["body"]["threadId"]
        frames = self.ask("stackTrace", threadId=thread)["stackFrames"]
        shown = []
        for frame in frames:
            if Path(frame["source"]["path"]).name != PROGRAM.name:
                continue
            names = {}
            if frame["name"] != "<module>":
                for scope in self.ask("scopes", frameId=frame["id"])["scopes"]:
                    if scope["name"] == "Locals":
                        variables = self.ask("variables", variablesReference=scope["variablesReference"])["variables"]
                        names = {v["name"]: v["value"] for v in variables if " at 0x" not in v["value"]}
            shown.append((frame["name"], frame["line"], names))
        case((event["body"]["reason"], shown))
        self.frame = frames[0]["id"]
        return thread

    def breakpoints(self, *wanted: tuple) -> None:
        points = [{"line": LINES[text], **({"condition": rest[0]} if rest else {})} for text, *rest in wanted]
        body = self.ask("setBreakpoints", source={"path": str(PROGRAM)}, breakpoints=points)
        case([point["verified"] for point in body["breakpoints"]])


with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
environ = os.environ | {"DEBUGGED_LISTENS": str(port), "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
program = subprocess.Popen([sys.executable, str(PROGRAM)], env=environ, stdout=subprocess.PIPE, text=True)
assert program.stdout is not None and program.stdout.readline() == "listening\n"
session = Session(port)
signal.alarm(120)  # a session that waits for ever fails
session.ask("initialize", adapterID="smoke", linesStartAt1=True, columnsStartAt1=True, pathFormat="path")
attaching = session.send("attach", justMyCode=False)
session.event("initialized")
session.breakpoints(("result += account.add(i - cost)", "i == 3"), ("square = i * i", "i == 2"))
session.ask("setExceptionBreakpoints", filters=[])
session.ask("configurationDone")
session.answer(attaching)

thread = session.stopped()
for command in ("stepIn", "next", "next", "stepOut", "next", "next", "stepIn", "stepOut"):
    session.ask(command, threadId=thread)
    thread = session.stopped()
case(
    session.ask("evaluate", expression="(i, result, account.balance)", frameId=session.frame, context="repl")["result"]
)
scope = session.ask("scopes", frameId=session.frame)["scopes"][0]["variablesReference"]
case(session.ask("setVariable", variablesReference=scope, name="result", value="1000")["value"])
session.breakpoints(("rate = 3", "amount == 6"), ("square = i * i", "i == 2"), ("failures += error.args[0]", "i == 10"))
for command in ("continue", "stepOut", "continue", "next", "next", "stepOut", "continue", "next", "next"):
    session.ask(command, threadId=thread)
    thread = session.stopped()
session.breakpoints(("total = self.balance + amount", "amount == 7"))
session.ask("continue", threadId=thread)
thread = session.stopped()
session.breakpoints(("total += value", "value == 1225"))
session.ask("continue", threadId=thread)
thread = session.stopped()
session.breakpoints()
session.ask("continue", threadId=thread)
session.ask("disconnect", terminateDebuggee=False)
session.socket.close()
output, _ = program.communicate(timeout=60)
case(program.returncode)
for line in output.splitlines():
    case(line)
