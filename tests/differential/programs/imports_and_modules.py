"""import statements inside warm functions, module attributes, __getattr__ of a module, star imports, lazy modules."""
import sys
import types

mod = types.ModuleType("fake_mod")
exec("value = 1\ndef f(): return value\ndef __getattr__(name):\n    if name.startswith('dyn'): return name\n    raise AttributeError(name)", mod.__dict__)
sys.modules["fake_mod"] = mod

def use():
    import fake_mod
    from fake_mod import f, value as v
    import os.path as p
    return fake_mod.value, f(), v, fake_mod.dyn_a, p.join("a", "b")

for _ in range(40):
    r = use()
print(r)
mod.value = 2
print(use())
try:
    from fake_mod import missing
except ImportError as e:
    print(e)
try:
    mod.other
except AttributeError as e:
    print(e)
del mod.value
try:
    use()
except (AttributeError, NameError, ImportError) as e:
    print(type(e).__name__, e)
from string import *
print(digits)
try:
    from . import x
except ImportError as e:
    print(e)
