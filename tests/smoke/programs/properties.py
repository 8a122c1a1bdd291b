"""Hypothesis generates and shrinks with a fixed seed: the same examples, the same smallest counterexamples, the same number of calls."""

import hashlib
import json

from hypothesis import HealthCheck, Phase, find, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

FIXED = settings(
    database=None, deadline=None, derandomize=True, max_examples=300, suppress_health_check=list(HealthCheck),
    phases=(Phase.generate, Phase.shrink),
)  # fmt: skip

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda children: st.lists(children, max_size=5) | st.dictionaries(st.text(max_size=5), children, max_size=5),
    max_leaves=20,
)


def examples_of(strategy):
    seen = []

    @seed(1)
    @FIXED
    @given(strategy)
    def collect(value):
        seen.append(repr(value))

    collect()
    return len(seen), hashlib.sha256("\n".join(seen).encode()).hexdigest()[:16]


def smallest(strategy, condition):
    calls = 0

    def counted(value):
        nonlocal calls
        calls += 1
        return condition(value)

    try:
        found = find(strategy, counted, settings=FIXED, random=__import__("random").Random(1))
    except NoSuchExample:
        found = "none"
    return found, calls


class Stack(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.items, self.count = [], 0

    @rule(value=st.integers())
    def push(self, value):
        self.items.append(value)
        self.count += 1

    @rule()
    def pop(self):
        if self.items:
            self.items.pop()
            self.count -= 1

    @invariant()
    def agree(self):
        assert len(self.items) == self.count and self.count < 5


def depth(value):
    if isinstance(value, list):
        return 1 + max(map(depth, value), default=0)
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    return 0


def machine():
    try:
        run_state_machine_as_test(Stack, settings=FIXED)
    except AssertionError as error:
        return type(error).__name__, error.__notes__ if hasattr(error, "__notes__") else ()
    return "passed"


cases = {
    "integers": lambda: examples_of(st.integers()),
    "json": lambda: examples_of(JSON),
    "regex": lambda: examples_of(st.from_regex(r"[a-z]{2,5}(-\d+)?")),
    "datetimes": lambda: examples_of(st.datetimes()),
    "builds": lambda: examples_of(st.builds(complex, st.floats(0, 1), st.floats(0, 1))),
    "sum": lambda: smallest(st.lists(st.integers()), lambda xs: sum(xs) >= 100 and len(xs) > 2),
    "deep": lambda: smallest(JSON, lambda value: depth(value) >= 3),
    "round trip": lambda: smallest(JSON, lambda value: json.loads(json.dumps(value)) != value),
    "floats": lambda: smallest(st.floats(0, 1e6), lambda x: x + 1 != x and x * 3 > 1000.5),
    "text": lambda: smallest(st.text(), lambda s: len(s.upper()) != len(s)),
    "machine": machine,
}
for name, function in cases.items():
    print(f"case {name.replace(' ', '-')}: {function()!r}", flush=True)
