package hooks

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Config is what a service is told once, when it starts.
type Config struct {
	Workers int   // compilations at the same time; less than two: one
	CodeCap int64 // bytes of code memory; 0: no limit
	// Mapped is told of code memory before anything is in it; nil when nobody wants to know.
	Mapped func(base, size, layout uint64)
}

// Service compiles for one host.
type Service struct {
	host    Host
	compile CompileFunc
	workers int
	memory  *Memory

	next sync.Mutex // held by the worker that waits for a message

	compilations atomic.Uint32 // for StressFaults
	dumpFailure  sync.Once
}

// NewService returns a service that has not started.
func NewService(host Host, compile CompileFunc, cfg Config) *Service {
	return &Service{host: host, compile: compile, workers: cfg.Workers, memory: NewMemory(cfg.CodeCap, cfg.Mapped)}
}

// Run serves the host until Host.Next says that there will be no more messages.
func (s *Service) Run() {
	var group sync.WaitGroup
	for range s.workers - 1 {
		group.Add(1)
		go func() {
			defer group.Done()
			s.work()
		}()
	}
	s.work() // on the goroutine, and thread, of the caller: with one worker nothing is handed from thread to thread
	group.Wait()
}

func (s *Service) work() {
	for {
		s.next.Lock()
		m, ok := s.host.Next()
		s.next.Unlock()
		if !ok {
			return
		}
		switch m.Kind {
		case MessageCompile:
			s.serve(m)
		case MessageFree:
			s.memory.Free(BlockID(m.ID))
		default:
			panic(fmt.Sprintf("BUG: message of kind %d", m.Kind))
		}
	}
}

// serve answers one request.
func (s *Service) serve(m Message) {
	dump := s.dumper(m)
	if dump != nil {
		dump("snapshot", m.Snapshot)
	}
	m.Options.Dump = dump
	start := time.Now()
	unit, block, err := s.build(m)
	reply := reply{id: m.ID, elapsed: time.Since(start)}
	reply.used, reply.mapped = s.memory.Usage()
	if err != nil {
		reply.status, reply.text = classify(err)
		s.host.Deliver(reply.appendTo(nil))
		return
	}
	if dump != nil {
		dump("exits.txt", []byte(unit.Meta.String()))
		dump("code.bin", unit.Code)
	}
	reply.text = unit.Name
	reply.unit, reply.block = unit, block
	s.host.Deliver(reply.appendTo(nil))
}

// build compiles and places one unit.
func (s *Service) build(m Message) (*Result, Block, error) {
	unit, err := s.compileRecovered(m)
	if err != nil {
		return nil, Block{}, err
	}
	if unit.EntryOffset < 0 || unit.EntryOffset >= len(unit.Code) {
		return nil, Block{}, fmt.Errorf("entry offset %d of %d bytes of code", unit.EntryOffset, len(unit.Code))
	}
	if err := unit.Meta.Validate(); err != nil {
		return nil, Block{}, err
	}
	block, err := s.memory.Place(unit)
	return unit, block, err
}

// compileRecovered turns a panic of the compiler into an error: one request fails, the service goes on.
func (s *Service) compileRecovered(m Message) (unit *Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			if m.Options.Dump != nil {
				m.Options.Dump("panic.txt", fmt.Appendf(nil, "%v\n\n%s", p, debug.Stack()))
			}
			unit, err = nil, fmt.Errorf("%v", p)
		}
	}()
	if every := m.Options.StressFaults; every != 0 && s.compilations.Add(1)%every == 0 {
		fault(nil)
	}
	unit, err = s.compile(m.Snapshot, m.Options)
	if err == nil && (unit == nil || unit.Meta == nil) {
		err = errors.New("the compiler returned no unit")
	}
	return unit, err
}

// fault is what the compiler would do by mistake.
//
//go:noinline
func fault(unit *Result) int { return unit.Frame }

// maxText bounds the text of a result, which becomes a key of the host's statistics.
const maxText = 300

// classify splits errors into answers and mistakes.
func classify(err error) (status, string) {
	var refusal Refusal
	if errors.As(err, &refusal) {
		return statusRefused, oneLine(refusal.Refusal())
	}
	return statusInternal, oneLine("internal: " + err.Error())
}

func oneLine(text string) string {
	text, _, _ = strings.Cut(text, "\n")
	if len(text) > maxText {
		text = text[:maxText]
	}
	return strings.ToValidUTF8(text, "")
}
