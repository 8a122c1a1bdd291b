"""Arithmetic and comparison of every pair of edge values, after four kinds of warming up."""
import sys
# numbers at the edges
E = [0,1,-1,2,-2,3,7,-7,255,256,257,2**29,2**30-1,2**30,-2**30,2**31,2**60-1,2**60,2**61,-2**61,2**62,2**63-1,2**63,-2**63,-2**63-1,2**64,3**50,True,False,0.0,-0.0,1.5,-1.5,1e308,-1e308,float('inf'),float('-inf'),float('nan'),5e-324]
def add(a,b): return a+b
def sub(a,b): return a-b
def mul(a,b): return a*b
def fdiv(a,b): return a//b
def tdiv(a,b): return a/b
def mod(a,b): return a%b
def lsh(a,b): return a<<b
def rsh(a,b): return a>>b
def and_(a,b): return a&b
def or_(a,b): return a|b
def xor(a,b): return a^b
def lt(a,b): return a<b, a<=b, a==b, a!=b, a>b, a>=b
def cmpb(a,b):
    r=0
    if a<b: r|=1
    if a<=b: r|=2
    if a==b: r|=4
    if a!=b: r|=8
    if a>b: r|=16
    if a>=b: r|=32
    return r
def mix(a,b):
    x = a + 1; y = b - 1
    z = x * y
    if z > a: z = z - b
    while z > 1000 and z < 10**30: z = z // 3
    return z
def neg(a,b): return -a, +a, abs(a), not a, (~a if not isinstance(a,float) else None)
def inpl(a,b):
    c=a; c+=b; d=a; d-=b; e=a; e*=b
    return c,d,e
def chain(a,b): return a < b < 5 <= a or a == b == 0
fs=[add,sub,mul,fdiv,tdiv,mod,lsh,rsh,and_,or_,xor,lt,cmpb,mix,neg,inpl,chain]
import random
R=random.Random(5)
out=[]
for f in fs:
    for kind in range(4):
        # warm
        warm=[(3,4),(3.5,4.5),(3,4.5),(True,2)][kind]
        for _ in range(12):
            try: f(*warm)
            except Exception as e: pass
        for a in E:
            for b in E:
                if f is lsh and not isinstance(b,float) and b>1000: continue
                try: r=repr(f(a,b))
                except Exception as e: r=repr(e)
                out.append((f.__name__,repr(a),repr(b),r))
import hashlib
for f in fs:
    sel=[o for o in out if o[0]==f.__name__]
    print(f.__name__, len(sel), hashlib.md5(repr(sel).encode()).hexdigest())
