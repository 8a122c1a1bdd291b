package unwind

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
)

const (
	evaluator     = "_PyEval_EvalFrameDefault" // what python-gdb looks for
	evaluatorVar  = "frame"
	evaluatorType = "_PyInterpreterFrame"
	addressSize   = 8
)

// The entries of .debug_info, which are the lines of abbreviations.
const (
	dieUnit     = 1 + iota // compile_unit: producer, language, name, addresses
	dieFunction            // subprogram: name, addresses
	dieVariable            // variable: name, type, location
	diePointer             // pointer_type: type
	dieStruct              // structure_type that is defined elsewhere: name
)

// abbreviations is the content of .debug_abbrev: per entry its number, tag, whether it has children, and pairs of attribute
// and form (DWARF 4, section 7.5).
var abbreviations = []byte{
	dieUnit, 0x11, 1 /* producer */, 0x25, 0x08 /* language */, 0x13, 0x0b /* name */, 0x03, 0x08 /* low_pc */, 0x11, 0x01 /* high_pc */, 0x12, 0x07, 0, 0,
	dieFunction, 0x2e, 1 /* name */, 0x03, 0x08 /* low_pc */, 0x11, 0x01 /* high_pc */, 0x12, 0x07, 0, 0,
	dieVariable, 0x34, 0 /* name */, 0x03, 0x08 /* type */, 0x49, 0x13 /* location */, 0x02, 0x18, 0, 0,
	diePointer, 0x0f, 0 /* type */, 0x49, 0x13, 0, 0,
	dieStruct, 0x13, 0 /* name */, 0x03, 0x08 /* declaration */, 0x3c, 0x19, 0, 0,
	0,
}

// info is the content of .debug_info.
func (r *Region) info() []byte {
	const header = 4 + 2 + 4 + 1
	var dies expression
	here := func() uint32 { return uint32(header + len(dies)) }
	dies.op(dieUnit).text("pyston-lite").op(0x0c).text("machine code").u64(r.Base).u64(r.Size) // C99
	structure := here()
	dies.op(dieStruct).text(evaluatorType)
	pointer := here()
	dies.op(diePointer).u32(structure)
	dies.op(dieFunction).text("pyston_lite").u64(r.Base).u64(r.Size)
	dies.op(dieFunction).text(evaluator).u64(r.Base).u64(r.Size)
	dies.op(dieVariable).text(evaluatorVar).u32(pointer).block([]byte{opReg + regRBP})
	dies.op(0, 0, 0) // of the functions, and of the unit

	var out expression
	out.u32(uint32(header - 4 + len(dies)))
	out.u16(4) // the version of DWARF
	out.u32(0) // the abbreviations
	return *out.op(addressSize).op(dies...)
}

// Image returns the ELF image of a region, for a debugger that reads it out of memory.
func (r *Region) Image() []byte {
	sections := []struct {
		name    string
		kind    elf.SectionType
		flags   elf.SectionFlag
		content []byte
	}{
		{"", elf.SHT_NULL, 0, nil},
		{".text", elf.SHT_NOBITS, elf.SHF_ALLOC | elf.SHF_EXECINSTR, nil},
		{".debug_frame", elf.SHT_PROGBITS, 0, r.callFrame()},
		{".debug_info", elf.SHT_PROGBITS, 0, r.info()},
		{".debug_abbrev", elf.SHT_PROGBITS, 0, abbreviations},
		{".shstrtab", elf.SHT_STRTAB, 0, nil},
	}
	var names expression
	for k := range sections {
		names.text(sections[k].name)
	}
	sections[len(sections)-1].content = names

	head := elf.Header64{
		Type: uint16(elf.ET_REL), Machine: uint16(elf.EM_X86_64), Version: uint32(elf.EV_CURRENT),
		Shnum: uint16(len(sections)), Shstrndx: uint16(len(sections) - 1),
	}
	copy(head.Ident[:], elf.ELFMAG)
	head.Ident[elf.EI_CLASS], head.Ident[elf.EI_DATA], head.Ident[elf.EI_VERSION] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)
	head.Ehsize, head.Shentsize = uint16(binary.Size(head)), uint16(binary.Size(elf.Section64{}))
	head.Shoff = uint64(head.Ehsize)
	at := head.Shoff + uint64(len(sections))*uint64(head.Shentsize)

	var out, contents bytes.Buffer
	write(&out, head)
	name := uint32(0)
	for k, s := range sections {
		row := elf.Section64{Name: name, Type: uint32(s.kind), Flags: uint64(s.flags)}
		if k > 0 {
			row.Off, row.Size, row.Addralign = at+uint64(contents.Len()), uint64(len(s.content)), 1
		}
		if s.kind == elf.SHT_NOBITS {
			row.Addr, row.Size, row.Addralign = r.Base, r.Size, Granule
		}
		write(&out, row)
		contents.Write(s.content)
		name += uint32(len(s.name)) + 1
	}
	return append(out.Bytes(), contents.Bytes()...)
}

func write(out *bytes.Buffer, data any) {
	if err := binary.Write(out, binary.LittleEndian, data); err != nil {
		panic(fmt.Sprintf("BUG: %T is not of fixed size: %v", data, err))
	}
}
