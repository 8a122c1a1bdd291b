"""Operators whose Python methods change the containers and locals that the statement around them uses."""
# reentrancy: containers and locals changed from inside operators
class Evil:
    def __init__(s,f): s.f=f
    def __eq__(s,o): s.f(); return True
    def __hash__(s): return 1
    def __lt__(s,o): s.f(); return False
    def __bool__(s): s.f(); return True
    def __index__(s): s.f(); return 0
    def __len__(s): s.f(); return 3
    def __add__(s,o): s.f(); return 7
    def __radd__(s,o): s.f(); return 8
    def __getattr__(s,n):
        if n.startswith("__"): raise AttributeError(n)
        s.f(); return n
    def __iter__(s): s.f(); return iter([1,2])
    def __call__(s,*a): s.f(); return a
    def __enter__(s): s.f(); return s
    def __exit__(s,*a): s.f(); return True
    def __contains__(s,x): s.f(); return False
    def __getitem__(s,i): s.f(); return i
    def __setitem__(s,i,v): s.f()
    def __iadd__(s,o): s.f(); return s
    def __format__(s,spec): s.f(); return "F"
    def __del__(s): s.f()
def play(n):
    l=[1,2,3]; d={"a":1}; out=[]
    x=1; y=2.5
    def clear(): l.clear(); l.extend([9,8,7]); d.clear()
    def rebind():
        nonlocal x,y
        x=x+1 if isinstance(x,int) else 1; y=str(y)[:3]
    fs=[clear,rebind]
    for i in range(n):
        e=Evil(fs[i%2])
        out.append(l[e]); out.append(l[0]+x)
        out.append(e+x); out.append(x+e)
        out.append(bool(e)); out.append(e<x)
        out.append(len(e)); out.append(e.attr); out.append(e(x,l[1]))
        a,b=e; out.append((a,b,x))
        with e as q: out.append(l[2]); 1/0
        out.append(x in e); out.append(e[i]); e[i]=x; e+=l
        out.append(f"{e}{x}{y!r}"); d[e]=i; out.append(len(d)); out.append(d.get(e))
        l[0]=e; l[0]=i; out.append(x)
        e=None; q=None; a=None
        d={"a":i}
    return out
def sortit(n):
    l=[]
    class K:
        def __init__(s,v): s.v=v
        def __lt__(s,o):
            try: l.append(1)
            except Exception: pass
            return s.v<o.v
    for i in range(n):
        l=[K(5-i%3),K(i),K(3)]
        try: l.sort()
        except ValueError as e: return str(e), [k.v if isinstance(k,K) else k for k in l]
def mutself(n):
    class A:
        x=0
        def bump(s):
            s.x+=1
            if s.x==5: s.__class__=B
            if s.x==9: del s.x
            return s.x
    class B(A):
        def bump(s): s.x+=2; return -s.x
    a=A(); r=[]
    for i in range(n):
        try: r.append(a.bump())
        except AttributeError as e: r.append(str(e))
    return r
def delsub(n):
    r=[]
    d={i:i for i in range(n)}
    try:
        for k in d:
            r.append(k)
            if k==2: del d[0]
    except RuntimeError as e: r.append(str(e))
    s={1,2,3}
    try:
        for k in s: s.add(k+10)
    except RuntimeError as e: r.append(str(e))
    t=[0]*n
    for i in range(n-1,-1,-1):
        del t[i]; r.append(len(t))
    try: t[0]
    except IndexError as e: r.append(str(e))
    try: del t[-1]
    except IndexError as e: r.append(str(e))
    try: (1,2)[n]
    except IndexError as e: r.append(str(e))
    try: "ab"[n]
    except IndexError as e: r.append(str(e))
    try: t[float(n)]
    except TypeError as e: r.append(str(e))
    try: t[2**70]
    except IndexError as e: r.append(str(e))
    return r
def callself(n):
    def f(x):
        nonlocal f
        if x==3: f=lambda q:("new",q)
        return x
    return [f(i) for i in range(n)], [callee(i) for i in range(n)]
def callee(x):
    global callee
    if x==4: callee=callee2
    return x
def callee2(x): return ("c2",x)
orig=callee
for rep in range(30):
    callee=orig
    r=play(6),sortit(5),mutself(12),delsub(6),callself(7)
for x in r: print(x)
