"""Parsers, formatters and number types of the standard library, on its own sources."""
import ast, hashlib, sys, os, glob, io, tokenize, random, json, difflib, textwrap, re, html.parser, pprint, string, fractions, statistics, heapq, collections, itertools, functools, copy, pickle
import _pydecimal, _pyio
lib=os.path.dirname(os.__file__)
files=sorted(glob.glob(lib+"/*.py"))[:25]
h=hashlib.md5()
for f in files:
    src=open(f,encoding="utf-8").read()
    t=ast.parse(src)
    h.update(ast.unparse(t).encode())
    for n in ast.walk(t):
        h.update(type(n).__name__.encode())
print("unparse",h.hexdigest())
h=hashlib.md5()
for f in files[:10]:
    with open(f,"rb") as fp:
        for tok in tokenize.tokenize(fp.readline): h.update(repr(tok[:3]).encode())
print("tokenize",h.hexdigest())
D=_pydecimal.Decimal
x=D(2); s=D(0)
for i in range(1,60):
    s+=x.sqrt()/D(i) - D(i).ln()*D("0.1") ; x+=D(i)/7
print("dec",s, (x**7).normalize())
R=random.Random(3)
a=[str(R.randrange(30)) for _ in range(300)]; b=[str(R.randrange(30)) for _ in range(300)]
print("diff",hashlib.md5("".join(difflib.ndiff(a,b)).encode()).hexdigest())
print("wrap",hashlib.md5("\n".join(textwrap.wrap(" ".join(R.choice(string.ascii_letters)*R.randrange(1,9) for _ in range(4000)),72)).encode()).hexdigest())
class HP(html.parser.HTMLParser):
    out=[]
    def handle_starttag(self,t,a): self.out.append((t,a))
    def handle_data(self,d): self.out.append(d)
p=HP(); p.feed("".join(f"<div class='a{i}' id={i}>t&amp;{i}<br/><!-- c{i} --></div>" for i in range(800)))
print("html",len(p.out),hashlib.md5(repr(p.out).encode()).hexdigest())
f=fractions.Fraction(1,3)
for i in range(1,200): f=(f*fractions.Fraction(i,i+2)+fractions.Fraction(1,i)).limit_denominator(10**9)
print("frac",f, statistics.stdev([float(f)*i for i in range(100)]))
buf=_pyio.BytesIO(); 
w=_pyio.TextIOWrapper(_pyio.BufferedWriter(_pyio.BytesIO()),encoding="utf-8") if 0 else None
b=_pyio.BytesIO(b"line\n"*500); print("pyio",sum(len(l) for l in _pyio.BufferedReader(b)))
obj={"a":[(i,{"x":i*1.5,"y":[str(i)]*3}) for i in range(200)],"b":set(range(50))}
print("pp",hashlib.md5(pprint.pformat(obj).encode()).hexdigest())
print("copy",copy.deepcopy(obj)==obj, pickle._loads(pickle._dumps(obj))==obj)
print("json",hashlib.md5(json.dumps(json.loads(json.dumps(obj["a"],indent=2)),sort_keys=True).encode()).hexdigest())
import json.decoder, json.encoder, json.scanner
enc=json.encoder._make_iterencode({},None,json.encoder.py_encode_basestring_ascii," ",float.__repr__,": ",", ",True,False,False) if 0 else None
dec=json.decoder.JSONDecoder(); dec.parse_string=json.decoder.py_scanstring; dec.scan_once=json.scanner.py_make_scanner(dec)
print("pyjson",hashlib.md5(repr(dec.decode(json.dumps(obj["a"]))).encode()).hexdigest())
import re._parser, re._compiler
for pat in (r"(a|b)*c{2,3}?[^x-z]\d+(?P<n>\w)(?=k)(?<!q)", r"(?:x+y?)+|[\w.]+@[\w.]+\.\w{2,}", r"^(?i:abc)(\d)\1$"):
    print("re",hashlib.md5(repr(re._parser.parse(pat).data).encode()).hexdigest(), re._compiler._code(re._parser.parse(pat),0)[:12])
import heapq
hp=[]
for i in range(3000): heapq.heappush(hp,(R.random(),i))
import random
class PQ:
    def __init__(s): s.h=[]
    def push(s,x):
        h=s.h; h.append(x); i=len(h)-1
        while i>0:
            p=(i-1)>>1
            if h[p]<=h[i]: break
            h[p],h[i]=h[i],h[p]; i=p
    def pop(s):
        h=s.h; r=h[0]; l=h.pop()
        if h:
            h[0]=l; i=0; n=len(h)
            while True:
                c=2*i+1
                if c>=n: break
                if c+1<n and h[c+1]<h[c]: c+=1
                if h[i]<=h[c]: break
                h[i],h[c]=h[c],h[i]; i=c
        return r
q=PQ()
for i in range(2000): q.push(R.randrange(10**6))
print("pq",hashlib.md5(repr([q.pop() for _ in range(2000)]).encode()).hexdigest())
import datetime
sys.modules["_datetime"]=None
import importlib
for k in ("datetime",): del sys.modules[k]
import datetime
d=datetime.datetime(2000,1,1)
print("dt",datetime.datetime.__module__, hashlib.md5("".join((d+datetime.timedelta(days=i*37,seconds=i*i)).isoformat()+(d+datetime.timedelta(days=i)).strftime("%c") for i in range(300)).encode()).hexdigest())
