"""A function with hundreds of attribute, global and arithmetic sites, made by exec."""

class O: pass
o = O()
lines = ["def big(o, n):", "    t = n"]
for i in range(400):
    setattr(o, f"a{i}", i)
    lines.append(f"    t += o.a{i} * {i % 7} - len(str(t)) if t % {i + 2} else t // 3")
lines.append("    return t")
exec("\n".join(lines))
print([big(o, i) for i in range(12)])
wide = "def wide(" + ", ".join(f"p{i}" for i in range(200)) + "):\n    return " + " + ".join(f"p{i}" for i in range(200))
exec(wide)
print([wide(*range(k, 200 + k)) for k in range(12)])
deep = "def deep(x):\n    return " + "(" * 80 + "x" + " + 1)" * 80
exec(deep)
print([deep(i) for i in range(12)])
consts = "def consts():\n    return [" + ", ".join(str(i * 1.5) for i in range(400)) + "]"
exec(consts)
print(sum(consts()))
