"""Standard-library code in pure Python: copy, pickle's Python implementation, json, dataclasses, enum, textwrap."""
import copy
import enum
import io
import json
import pickle
import textwrap
from collections import Counter, OrderedDict, defaultdict, namedtuple
from dataclasses import asdict, dataclass, field

@dataclass(order=True)
class Item:
    name: str
    price: float = 0.0
    tags: list = field(default_factory=list)

class Color(enum.Enum):
    RED = 1
    BLUE = 2

class Flags(enum.Flag):
    A = 1
    B = 2

Pt = namedtuple("Pt", "x y")
data = {"items": [Item(f"n{i}", i * 1.25, [i, str(i)]) for i in range(10)], "pt": Pt(1, 2), "c": Color.RED, "f": Flags.A | Flags.B}
for _ in range(10):
    clone = copy.deepcopy(data)
    buffer = io.BytesIO()
    pickle._Pickler(buffer, 2).dump(data)
    back = pickle._Unpickler(io.BytesIO(buffer.getvalue())).load()
print(clone == data, back == data, clone["items"][0] is data["items"][0], sorted(data["items"])[-1])
text = json.dumps([asdict(i) for i in data["items"]], indent=1, sort_keys=True)
print(len(text), json.loads(text)[3], json.JSONDecodeError.__name__)
try:
    json.loads('{"a": [1, 2,}')
except json.JSONDecodeError as e:
    print(e)
print(textwrap.fill("the quick brown fox jumps over the lazy dog " * 3, 30), Counter("abracadabra").most_common(2))
d = defaultdict(list)
for i in range(50):
    d[i % 3].append(i)
print({k: len(v) for k, v in d.items()}, list(OrderedDict(a=1, b=2)), Color(2), Color["RED"].value, Flags.A in Flags(3))
