"""One small function for each statement and its corner cases."""
import sys, traceback
def unb(n, k):
    out=[]
    for i in range(n):
        if i == k: del i; 
        try: out.append(i)
        except UnboundLocalError as e: out.append(str(e))
        if k == 3 and len(out) == 2: x = 5
        try: out.append(x)
        except NameError as e: out.append(type(e).__name__)
    return out
def fin(n):
    log=[]
    def step(i):
        try:
            if i%4==0: return "r"
            if i%4==1: raise KeyError(i)
            if i%4==2: 1/0
            return i
        except KeyError as e:
            log.append(repr(e)); return "k"
        finally:
            log.append(i)
            if i%6==5: return "f"
    r=[]
    for i in range(n):
        try: r.append(step(i))
        except ZeroDivisionError as e: r.append(str(e)); continue
        finally:
            if i==n-2: break
    return r, log
class CM:
    def __init__(s, sup): s.sup=sup; s.log=[]
    def __enter__(s): s.log.append("in"); return s.log
    def __exit__(s,*a): s.log.append(a[0] and a[0].__name__); return s.sup
def wi(n):
    r=[]
    for i in range(n):
        c=CM(i%2)
        try:
            with c as l:
                l.append(i)
                if i%3==0: raise ValueError(i)
                if i%5==0: continue
                if i%7==0: break
        except ValueError as e: r.append(("caught",str(e)))
        else: r.append(tuple(c.log))
    else: r.append("else")
    return r
def nested(a, b):
    x = []
    for i in a:
        for j in b:
            try:
                q = i // j
                w = i % j
                x.append((q, w, i * j, i - j, i < j))
            except ZeroDivisionError:
                x.append("z")
            except TypeError as e:
                x.append(str(e))
            else:
                if q == w: break
        else:
            x.append("e")
    return x
def loc(n):
    a = 1; s = 0.5
    r=[]
    for i in range(n):
        a += i; s *= 1.5
        if i % 3 == 0:
            d = dict(locals()); d.pop("r"); d.pop("d", None); d.pop("f", None); r.append(sorted(d.items()))
        f = None; f = sys._getframe()
        if i % 4 == 0: r.append((f.f_locals["a"], f.f_locals["s"], f.f_lineno - f.f_code.co_firstlineno))
    return r
def swap(n):
    a, b, c = 1, 2.5, "x"
    for i in range(n):
        a, b, c = b, c, a
        d = a
        if i % 2: a = i
    return a, b, c, d
def rng(n):
    r=[]
    for i in range(n):
        n = 3
        for i in range(i, -i, -2):
            r.append(i)
        r.append(i)
    for i in range(2**62, 2**62+3): r.append(i*3)
    for i in range(-2**63, -2**63+2): r.append(i-1)
    for i in range(2**64, 2**64+2): r.append(i)
    for i in range(5, 0): r.append("never")
    return r, i
def lst(n):
    l=list(range(n)); r=[]
    for x in l:
        if x%3==0 and len(l)<40: l.append(x+100)
        if x%5==0: l.pop(0)
        if x==7: l[:]=l[3:]
        r.append(x)
        if len(r)>60: break
    it=iter(l)
    for x in it:
        for y in it:
            r.append((x,y)); break
    return r
def strs(n):
    s=""; t="é"
    for i in range(n):
        s+=str(i); t=t+s[-1]
        u=s
        s+="x"
        if u is s: raise SystemError
    return s,t,u,s[3:9:2],s[::-1][:5],s[-1],t[0]
def glob(n):
    global GG
    GG=0
    for i in range(n):
        GG+=i
        if i==n//2: GG="s"*3; 
        if isinstance(GG,str): GG=1.5
    return GG
def tb(n):
    def lvl(k):
        x=[1,2,3]
        return x[k]+ (lvl(k+1) if k<5 else 0)
    try: lvl(0)
    except IndexError as e:
        return [(f.lineno-tb.__code__.co_firstlineno,f.colno,f.end_colno,f.name) for f in traceback.extract_tb(e.__traceback__)]
def ctx(n):
    try:
        try: {}[n]
        except KeyError as e: raise ValueError("v") from e
    except ValueError as e:
        return repr(e.__cause__), repr(e.__context__), e.__suppress_context__, sys.exc_info()[0].__name__
def compre(n):
    return [[y*x for y in range(x) if y%2] for x in range(n)], {x:x**2 for x in range(n)}, {x%3 for x in range(n)}, [a+b for a,b in zip(range(n),range(n,0,-1))], sum(x for x in range(n)), max((x*-1)%7 for x in range(1,n+1))
def star(*a, k=3, **kw):
    return a, k, sorted(kw.items())
def stars(n):
    r=[]
    for i in range(n):
        r.append(star(*range(i%4), **({"k":i} if i%2 else {"z":i})))
        try: star(1, **{"k":1}, **{"k":2})
        except TypeError as e: r.append(str(e))
        a,*b,c = range(i+2); r.append((a,b,c))
    return r
def slices(n):
    l=list(range(20))
    for i in range(n):
        l[i:i+2]=[i]*3; del l[::7]; l[i%5]=-l[i%5]
    return l, l[5:2:-1], l[-3:]
def boolop(n):
    r=[]
    for i in range(n):
        r.append((i and "t") or (not i and 0.0)); r.append(i if i>2 else None if i else ()); r.append(0<i<3!=i)
    return r
def whil(n):
    a=n; c=0
    while a!=1:
        a = a//2 if a%2==0 else 3*a+1
        c+=1
        if c>10000: break
    else: c=-c
    return a,c
for rep in range(30):
    res=[unb(6,9),unb(6,3),fin(14),wi(16),nested([1,2.5,0,7],[2,0,3.5,"a"]),nested(range(5),range(4)),loc(9),swap(7),rng(5),lst(12),strs(9),glob(9),tb(1),ctx(5),compre(7),stars(6),slices(6),boolop(6),whil(97),whil(27)]
for r in res: print(r)
