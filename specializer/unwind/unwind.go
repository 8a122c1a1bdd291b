// Package unwind describes machine code to debuggers: how to get from a machine frame to its caller, and which Python frame
// it runs.
//
// gdb is told of code made at run time by an ELF image in memory (GDB manual, "JIT Compilation Interface"). There is one image
// for a region of code memory, made when the region is mapped and never changed: nothing is announced when a unit comes or
// goes, which would cost a process something for every unit, and a debugger much. What differs from unit to unit the rules
// read out of memory themselves, as DWARF expressions can:
//
//   - how far the caller is: a word for every Granule bytes of code, see Layout;
//   - which routine of a unit is between two units: see the next paragraph.
//
// python-gdb (Tools/gdb/libpython.py of CPython) knows the frames of the evaluator by the name of the C function, and asks
// for its variable `frame`. So the function that a region claims to be has that name and that variable, which is in rbp. It is
// nested in another one: names of nested functions are not found by name, so `break _PyEval_EvalFrameDefault` still means the
// evaluator alone.
//
// Routines of a unit that call other units (lower/callees.go, lower/generators.go) run no Python frame, so the rules pass
// over them: the instruction behind their calls is Marker, which is emitted nowhere else, and who finds it at a return
// address goes on at the caller of the routine.  The stubs that machine code is left through have the same rules
// (cshim/stubs.c).
//
// A debugger that stops a thread in the first instructions of a unit or in its last ones sees one caller too many or too few:
// the rules are those of the body.
//
// Code: rules here, DWARF operations in expression.go, the image in image.go.
package unwind

const (
	// Granule is how many bytes of code share a word of the layout.
	Granule = 16
	// SameFrame, in a word of a layout, says that the code leaves rbp as its caller has it.
	SameFrame = 1 << 15
	// Marker is the beginning of `lea rsp, [rsp+8]`, which stands behind the calls that routines make.
	Marker = 0x24648d48
	// RoutineFrame is the layout of a routine: the word that aligns its stack, and its return address.
	RoutineFrame = 2 | SameFrame
)

// Region is code memory that is described by one image.
type Region struct {
	Base, Size uint64 // addresses, bytes
	// Layout is the address of a 16-bit word for each Granule bytes: the distance from rsp to the caller's in words of
	// eight bytes (at most SameFrame-1), and SameFrame.
	Layout uint64
	// FramePrevious is the offset of the caller in a Python frame.
	FramePrevious uint64
}

// Registers, in the numbers of the System V psABI (AMD64, figure 3.36).
const (
	regRBX = 3
	regRBP = 6
	regRSP = 7
	regR12 = 12
	regR13 = 13
	regRIP = 16
)

// callFrame is the content of the .debug_frame section: a CIE that holds all rules, and the FDE of the region.
func (r *Region) callFrame() []byte {
	var rules expression
	rules.op(cfaDefCFAExpression).block(r.callerStack())
	rules.op(cfaOffset | regRIP).uleb(1) // times the data alignment
	rules.op(cfaValExpression).uleb(regRBP).block(r.callerFrame())
	for _, reg := range []uint64{regRBX, regR12, regR13} { // saved by some units: pl_asm_enter has saved those of C
		rules.op(cfaUndefined).uleb(reg)
	}

	var cie expression
	cie.u32(0xffffffff)
	cie.op(3, 0) // version, no augmentation
	cie.uleb(1).sleb(-8).uleb(regRIP)
	cie = append(cie, rules...)
	var fde expression
	fde.u32(0) // the CIE's offset
	fde.u64(r.Base).u64(r.Size)

	var out expression
	for _, entry := range []expression{cie, fde} {
		for len(entry)%8 != 4 {
			entry.op(cfaNop)
		}
		out.u32(uint32(len(entry)))
		out = append(out, entry...)
	}
	return out
}

// layout pushes the word for the code that runs. A return address may lie behind the granule of its call.
func (r *Region) layout(e *expression) {
	e.op(opBreg + regRIP).sleb(0)
	e.op(opConst8u).u64(r.Base + 1)
	e.op(opMinus, opLit+4, opShr, opLit+1, opShl)
	e.op(opConst8u).u64(r.Layout)
	e.op(opPlus, opDerefSize, 2)
}

// callerStack computes the stack pointer of the caller, routines passed over.
func (r *Region) callerStack() (e expression) {
	r.layout(&e)
	e.op(opConst2u).u16(SameFrame - 1)
	e.op(opAnd, opLit+3, opShl, opBreg+regRSP).sleb(0)
	e.op(opPlus)
	e.op(opDup, opLit+8, opMinus, opDeref, opDerefSize, 4, opConst4u).u32(Marker)
	e.op(opNe)
	e.skip(func(e *expression) { e.op(opLit+16, opPlus) })
	return e
}

// callerFrame computes rbp of the caller: the caller of the Python frame.
func (r *Region) callerFrame() (e expression) {
	e.op(opBreg + regRBP).sleb(0)
	r.layout(&e)
	e.op(opLit+15, opShr)
	e.skip(func(e *expression) { e.op(opPlusUconst).uleb(r.FramePrevious).op(opDeref) })
	return e
}
