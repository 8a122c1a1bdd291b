package passes

import (
	"math"

	"pystonlite/specializer/ir"
)

// foldInstrs replaces operations whose result is known by that result: constants, operands, or a constant in place.
func foldInstrs(f *ir.Func) bool {
	sub := ir.NewSubstitution(f)
	changed := false
	for _, b := range ir.ReversePostorder(f) {
		out := b.Instrs[:0]
		for _, i := range b.Instrs {
			for k := range i.Args {
				i.Args[k] = sub.Resolve(i.Args[k])
			}
			if vacuous(f, i) {
				changed = true
				continue
			}
			if v := knownOperand(f, i); v != ir.NoValue {
				sub.Replace(i.Result(), v)
				changed = true
				continue
			}
			if op, imm, ok := constantResult(f, i); ok {
				i.Op, i.Imm, i.Args, i.State = op, imm, nil, nil
				f.Values[i.Result()].Const = true
				changed = true
			}
			out = append(out, i)
		}
		b.Instrs = out
	}
	if changed {
		f.ReplaceUses(sub)
	}
	return changed
}

// vacuous says whether i has no result and is known to do nothing: a check that passes.
func vacuous(f *ir.Func, i *ir.Instr) bool {
	switch i.Op {
	case ir.OpGuardIntConst:
		d := f.Def(i.Args[0])
		return d != nil && d.Op == ir.OpConstInt && d.Imm == i.Imm
	case ir.OpCheckNone:
		t := f.Type(i.Args[0])
		return t.Set != 0 && t.Within(ir.None)
	case ir.OpKeepAlive: // it does not matter when a number dies
		t := f.Type(i.Args[0])
		return t.Set != 0 && t.Within(ir.Trivial)
	}
	return false
}

// knownOperand finds the value that is the result of i already, or NoValue.
func knownOperand(f *ir.Func, i *ir.Instr) ir.Value {
	if len(i.Args) == 0 || len(i.Results) != 1 {
		return ir.NoValue
	}
	a := i.Args[0]
	t := f.Type(a)
	switch i.Op {
	case ir.OpGuardClass:
		if t.Set != 0 && t.Within(ir.ClassSet(i.Imm)) {
			return a
		}
	case ir.OpGuardNotNull:
		if t.Set != 0 && t.Set&ir.Null == 0 {
			return a
		}
	case ir.OpRefine:
		r := f.Type(i.Results[0])
		if t.Rep != ir.RepObject || t.Set != 0 && t.Within(r.Set) && (r.Exact == 0 || r.Exact == t.Exact) {
			return a
		}
	case ir.OpUnboxInt:
		return inside(f, a, ir.OpBoxInt)
	case ir.OpUnboxFloat:
		return inside(f, a, ir.OpBoxFloat)
	case ir.OpUnboxBool:
		return inside(f, a, ir.OpBoxBool)
	case ir.OpBoxInt, ir.OpBoxFloat, ir.OpBoxBool:
		// Boxing what was unboxed gives the object itself back, identity included, which is more than stock promises.
		return inside(f, a, unboxOf[i.Op])
	case ir.OpNotBool:
		return inside(f, a, ir.OpNotBool)
	case ir.OpAddInt, ir.OpSubInt, ir.OpMulInt:
		return neutral(f, i)
	}
	return ir.NoValue
}

var unboxOf = map[ir.Op]ir.Op{ir.OpBoxInt: ir.OpUnboxInt, ir.OpBoxFloat: ir.OpUnboxFloat, ir.OpBoxBool: ir.OpUnboxBool}

// inside is the operand of the op that made v, seen through guards.
func inside(f *ir.Func, v ir.Value, op ir.Op) ir.Value {
	if d := f.Def(f.Root(v)); d != nil && d.Op == op {
		return d.Args[0]
	}
	return ir.NoValue
}

// neutral is the operand that a neutral second one leaves alone.
func neutral(f *ir.Func, i *ir.Instr) ir.Value {
	d := f.Def(i.Args[1])
	if d == nil || d.Op != ir.OpConstInt {
		return ir.NoValue
	}
	want := int64(0)
	if i.Op == ir.OpMulInt {
		want = 1
	}
	if d.Imm == want {
		return i.Args[0]
	}
	return ir.NoValue
}

// constantResult computes i when its operands are constants and it would not exit.
func constantResult(f *ir.Func, i *ir.Instr) (op ir.Op, imm int64, ok bool) {
	if i.Op == ir.OpIs {
		return identity(f, i.Args[0], i.Args[1])
	}
	if !i.Op.Row().Pure || len(i.Args) == 0 || len(i.Results) != 1 {
		return 0, 0, false
	}
	var c [2]int64
	for k, a := range i.Args {
		d := f.Def(a)
		if d == nil || k >= len(c) || !isNumber(d.Op) {
			return 0, 0, false
		}
		c[k] = d.Imm
	}
	switch i.Op {
	case ir.OpCmpInt:
		return ir.OpConstBool, bit(compare(i.Imm, c[0] < c[1], c[0] == c[1], c[0] > c[1])), true
	case ir.OpCmpFloat:
		a, b := float(c[0]), float(c[1])
		return ir.OpConstBool, bit(compare(i.Imm, a < b, a == b, a > b)), true
	case ir.OpNotBool:
		return ir.OpConstBool, 1 - c[0], true
	}
	if fold := intFolds[i.Op]; fold != nil {
		r, ok := fold(c[0], c[1])
		return ir.OpConstInt, r, ok
	}
	if fold := floatFolds[i.Op]; fold != nil {
		r, ok := fold(float(c[0]), float(c[1]))
		return ir.OpConstFloat, int64(math.Float64bits(r)), ok
	}
	const exact = 1 << 53
	switch i.Op {
	case ir.OpIntToFloat:
		return ir.OpConstFloat, int64(math.Float64bits(float64(c[0]))), -exact <= c[0] && c[0] <= exact
	case ir.OpTrueDivInt:
		ok := c[1] != 0 && -exact <= c[0] && c[0] <= exact && -exact <= c[1] && c[1] <= exact
		if !ok {
			return 0, 0, false
		}
		return ir.OpConstFloat, int64(math.Float64bits(float64(c[0]) / float64(c[1]))), true
	}
	return 0, 0, false
}

// isNumber says whether op is a constant whose value is its immediate.
func isNumber(op ir.Op) bool {
	return op == ir.OpConstInt || op == ir.OpConstFloat || op == ir.OpConstBool
}

func float(bits int64) float64 { return math.Float64frombits(uint64(bits)) }

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// compare applies a comparison operator to the three ways in which its operands can be ordered; NaN is in none of them.
func compare(operator int64, lt, eq, gt bool) bool {
	switch operator {
	case ir.CmpLT:
		return lt
	case ir.CmpLE:
		return lt || eq
	case ir.CmpEQ:
		return eq
	case ir.CmpNE:
		return !eq
	case ir.CmpGT:
		return gt
	}
	return gt || eq
}

// identity decides `a is b` where the values are known to be the same reference, or cannot be.
func identity(f *ir.Func, a, b ir.Value) (ir.Op, int64, bool) {
	a, b = f.Root(a), f.Root(b)
	if a == b || sameConstant(f, a, b) {
		return ir.OpConstBool, 1, true
	}
	x, y := f.Type(a).Set, f.Type(b).Set
	if x != 0 && y != 0 && x&y == 0 {
		return ir.OpConstBool, 0, true
	}
	if f.Values[a].Const && f.Values[b].Const && f.Def(a).Op == ir.OpConstObj && f.Def(b).Op == ir.OpConstObj {
		return ir.OpConstBool, 0, true // the snapshot numbers each object once
	}
	return 0, 0, false
}

// intFolds compute what the machine code computes; false: it would exit.
var intFolds = map[ir.Op]func(a, b int64) (int64, bool){
	ir.OpAddInt: func(a, b int64) (int64, bool) { c := a + b; return c, (c > a) == (b > 0) },
	ir.OpSubInt: func(a, b int64) (int64, bool) { c := a - b; return c, (c < a) == (b > 0) },
	ir.OpMulInt: func(a, b int64) (int64, bool) {
		if a == 0 || b == 0 {
			return 0, true
		}
		c := a * b
		return c, c/b == a && !(a == -1 && b == math.MinInt64) && !(b == -1 && a == math.MinInt64)
	},
	ir.OpFloorDivInt: func(a, b int64) (int64, bool) {
		if b == 0 || a == math.MinInt64 && b == -1 {
			return 0, false
		}
		q := a / b
		if a%b != 0 && (a < 0) != (b < 0) {
			q--
		}
		return q, true
	},
	ir.OpModInt: func(a, b int64) (int64, bool) {
		if b == 0 || a == math.MinInt64 && b == -1 {
			return 0, false
		}
		r := a % b
		if r != 0 && (r < 0) != (b < 0) {
			r += b
		}
		return r, true
	},
	ir.OpAndInt: func(a, b int64) (int64, bool) { return a & b, true },
	ir.OpOrInt:  func(a, b int64) (int64, bool) { return a | b, true },
	ir.OpXorInt: func(a, b int64) (int64, bool) { return a ^ b, true },
	ir.OpShlInt: func(a, b int64) (int64, bool) {
		if b < 0 || b > 62 {
			return 0, false
		}
		return a << b, a<<b>>b == a
	},
	ir.OpShrInt: func(a, b int64) (int64, bool) {
		if b < 0 {
			return 0, false
		}
		return a >> min(b, 63), true
	},
	ir.OpNegInt:    func(a, _ int64) (int64, bool) { return -a, a != math.MinInt64 },
	ir.OpInvertInt: func(a, _ int64) (int64, bool) { return ^a, true },
	ir.OpAbsInt:    func(a, _ int64) (int64, bool) { return max(a, -a), a != math.MinInt64 },
}

// floatFolds are those IEEE operations that are the same on every machine; the sign and payload of a NaN are not, so a NaN
// result is left to the run time. Power and the rounding divisions are left there, too.
var floatFolds = map[ir.Op]func(a, b float64) (float64, bool){
	ir.OpAddFloat:  func(a, b float64) (float64, bool) { return notNaN(a + b) },
	ir.OpSubFloat:  func(a, b float64) (float64, bool) { return notNaN(a - b) },
	ir.OpMulFloat:  func(a, b float64) (float64, bool) { return notNaN(a * b) },
	ir.OpDivFloat:  func(a, b float64) (float64, bool) { r, ok := notNaN(a / b); return r, ok && b != 0 },
	ir.OpNegFloat:  func(a, _ float64) (float64, bool) { return notNaN(-a) },
	ir.OpAbsFloat:  func(a, _ float64) (float64, bool) { return notNaN(math.Abs(a)) },
	ir.OpSqrtFloat: func(a, _ float64) (float64, bool) { r, ok := notNaN(math.Sqrt(a)); return r, ok && a >= 0 },
}

func notNaN(f float64) (float64, bool) { return f, f == f }
