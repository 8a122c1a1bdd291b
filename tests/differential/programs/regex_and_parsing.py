"""The regular-expression compiler (pure Python), tokenize, ast and string templates."""
import ast
import io
import re
import string
import tokenize

re.purge()
patterns = [r"(a+)(b*)?c", r"^\s*(\w+)\s*=\s*(.*?)\s*$", r"(?P<y>\d{4})-(?P<m>\d\d)", r"(?i)hello|world", r"[^a-z\d_]+", r"(?<=x)y(?!z)", r"(a|b|cd){2,4}?$"]
for p in patterns * 3:
    m = re.compile(p).search("aab 2024-05 key = value xy Hello abcdab")
print([(p, bool(re.search(p, "aabbc key = v 2024-05 xy HELLO cdab"))) for p in patterns])
for bad in ("(", "[a", "*a", "(?P<1>a)"):
    try:
        re.compile(bad)
    except re.error as e:
        print(e)
source = "def f(a, *b):\n    if a:\n        return [x for x in b if x > 1]\n"
tokens = [t.string for t in tokenize.generate_tokens(io.StringIO(source).readline)]
print(tokens[:12], len(tokens), ast.dump(ast.parse(source).body[0].args))
print(ast.unparse(ast.parse(source)), ast.literal_eval("{'a': (1, 2.5, None)}"))
print(string.Template("$a-${b}").substitute(a=1, b=2), re.sub(r"\d+", lambda m: str(int(m[0]) + 1), "a1 b22 c333"))
