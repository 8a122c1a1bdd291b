package codemeta

import (
	"fmt"
	"strings"
)

// String prints the value as `slot<-place:representation`, for example `3<-gpr0:owned` or `5<-null`.
func (v Value) String() string {
	return fmt.Sprintf("%d<-%s", v.Slot, v.place())
}

func (v Value) place() string {
	if v.Where == AtNull {
		return v.Where.String()
	}
	return fmt.Sprintf("%v%d:%v", v.Where, v.Payload, v.Rep)
}

var entryKindNames = [numEntryKinds]string{EntryStart: "start", EntryHandler: "handler", EntryResume: "resume", EntryThrown: "thrown"}

func (k EntryKind) String() string {
	if k < numEntryKinds {
		return entryKindNames[k]
	}
	return fmt.Sprintf("EntryKind(%d)", uint16(k))
}

// String prints the entries of a unit with several, then the exits, one line each and one further line per frame:
//
//	exit 0 deopt type_guard
//	  frame physical bci 12 depth 1: 0<-gpr0:owned 3<-xmm1:float
//	  drop spill2:owned
//
// Constants are printed by index: their words are addresses, which differ from run to run.
func (t *Tables) String() string {
	var b strings.Builder
	for _, e := range t.Entries {
		fmt.Fprintf(&b, "entry %v bci %d depth %d at %d\n", e.Kind, e.BCI, e.Depth, e.Offset)
	}
	for id := range t.Exits {
		e := &t.Exits[id]
		fmt.Fprintf(&b, "exit %d %v %v\n", id, e.Kind, e.Reason)
		for _, f := range t.FramesOf(e) {
			name := "physical"
			if f.Func != Physical {
				name = fmt.Sprintf("inlined const%d", f.Func)
			}
			if f.Init != 0 {
				name += " init"
			}
			fmt.Fprintf(&b, "  frame %s bci %d depth %d:", name, f.BCI, f.Depth)
			for _, v := range t.ValuesOf(&f) {
				fmt.Fprintf(&b, " %v", v)
			}
			b.WriteByte('\n')
		}
		if e.NRelease > 0 {
			b.WriteString("  drop")
			for _, v := range t.ReleasesOf(e) {
				fmt.Fprintf(&b, " %s", v.place())
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}
