package unwind

import (
	"bytes"
	"debug/dwarf"
	"debug/elf"
	"encoding/binary"
	"fmt"
)

const (
	evaluator     = "_PyEval_EvalFrameDefault" // what python-gdb looks for
	evaluatorVar  = "frame"
	evaluatorType = "_PyInterpreterFrame"
	addressSize   = 8
	languageC99   = 0x0c // DWARF 4, section 7.12
)

// The entries of .debug_info, which abbreviations describes.
const (
	dieUnit     = 1 + iota // compile_unit: producer, language, name, addresses
	dieFunction            // subprogram: name, addresses
	dieVariable            // variable: name, type, location
	diePointer             // pointer_type: type
	dieStruct              // structure_type that is defined elsewhere: name
)

// The forms of attributes in use (DWARF 4, section 7.5.4).
const (
	formAddress = 0x01
	formData8   = 0x07
	formString  = 0x08
	formData1   = 0x0b
	formRef4    = 0x13
	formExpr    = 0x18
	formPresent = 0x19
)

type attribute struct {
	name dwarf.Attr
	form byte
}

// abbreviations says what each entry consists of; the numbers of the entries count from 1.
var abbreviations = []struct {
	tag        dwarf.Tag
	children   byte
	attributes []attribute
}{
	dieUnit - 1: {dwarf.TagCompileUnit, 1, []attribute{
		{dwarf.AttrProducer, formString}, {dwarf.AttrLanguage, formData1}, {dwarf.AttrName, formString},
		{dwarf.AttrLowpc, formAddress}, {dwarf.AttrHighpc, formData8},
	}},
	dieFunction - 1: {dwarf.TagSubprogram, 1, []attribute{
		{dwarf.AttrName, formString}, {dwarf.AttrLowpc, formAddress}, {dwarf.AttrHighpc, formData8},
	}},
	dieVariable - 1: {dwarf.TagVariable, 0, []attribute{
		{dwarf.AttrName, formString}, {dwarf.AttrType, formRef4}, {dwarf.AttrLocation, formExpr},
	}},
	diePointer - 1: {dwarf.TagPointerType, 0, []attribute{{dwarf.AttrType, formRef4}}},
	dieStruct - 1:  {dwarf.TagStructType, 0, []attribute{{dwarf.AttrName, formString}, {dwarf.AttrDeclaration, formPresent}}},
}

// abbrev is the content of .debug_abbrev.
func abbrev() []byte {
	var out expression
	for k, entry := range abbreviations {
		out.uleb(uint64(k + 1)).uleb(uint64(entry.tag)).op(entry.children)
		for _, a := range entry.attributes {
			out.uleb(uint64(a.name)).op(a.form)
		}
		out.op(0, 0)
	}
	return *out.op(0)
}

// info is the content of .debug_info.
func (r *Region) info() []byte {
	const header = 4 + 2 + 4 + 1
	var dies expression
	here := func() uint32 { return uint32(header + len(dies)) }
	dies.op(dieUnit).text("pyston-lite").op(languageC99).text("machine code").u64(r.Base).u64(r.Size)
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
		{".debug_abbrev", elf.SHT_PROGBITS, 0, abbrev()},
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
