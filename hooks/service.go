package hooks

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"time"
)

// Config is what a service is told once, when it starts.
type Config struct {
	Workers int   // compilations at the same time; less than two: on the goroutine of Run
	CodeCap int64 // bytes of code memory; 0: no limit
}

// Service compiles for one host.
type Service struct {
	host    Host
	compile CompileFunc
	workers int
	memory  *Memory

	mu    sync.Mutex
	ready *sync.Cond // the queue has grown or ended is set
	queue queue
	ended bool

	dumpFailure sync.Once
}

// NewService returns a service that has not started.
func NewService(host Host, compile CompileFunc, cfg Config) *Service {
	s := &Service{host: host, compile: compile, workers: cfg.Workers, memory: NewMemory(cfg.CodeCap)}
	s.ready = sync.NewCond(&s.mu)
	return s
}

// Run serves the host until Host.Next says that there will be no more messages.
//
// With one worker, requests are compiled on the goroutine that also takes the messages: between a host's thread that
// waits and the result there is then no hand-over between threads.
func (s *Service) Run() {
	if s.workers < 2 {
		s.runInline()
	} else {
		s.runWorkers()
	}
}

// runInline takes every message that waits before it compiles, so that the order of the queue is the order of work.
func (s *Service) runInline() {
	for {
		m, ok := s.host.Next(s.queue.empty())
		switch {
		case ok:
			s.accept(m)
		case s.queue.empty():
			return
		default:
			s.serve(s.queue.pop())
		}
	}
}

func (s *Service) runWorkers() {
	var group sync.WaitGroup
	for range s.workers {
		group.Add(1)
		go func() {
			defer group.Done()
			s.work()
		}()
	}
	for {
		m, ok := s.host.Next(true)
		if !ok {
			break
		}
		s.accept(m)
	}
	s.mu.Lock()
	s.ended = true
	s.mu.Unlock()
	s.ready.Broadcast()
	group.Wait()
}

func (s *Service) work() {
	for {
		s.mu.Lock()
		for s.queue.empty() && !s.ended {
			s.ready.Wait()
		}
		if s.queue.empty() {
			s.mu.Unlock()
			return
		}
		m := s.queue.pop()
		s.mu.Unlock()
		s.serve(m)
	}
}

func (s *Service) accept(m Message) {
	switch m.Kind {
	case MessageCompile:
		s.mu.Lock()
		s.queue.push(m)
		s.mu.Unlock()
		s.ready.Signal()
	case MessageFree:
		s.memory.Free(BlockID(m.ID))
	default:
		panic(fmt.Sprintf("BUG: message of kind %d", m.Kind))
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
	block, err := s.memory.Place(unit.Code)
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
	unit, err = s.compile(m.Snapshot, m.Options)
	if err == nil && (unit == nil || unit.Meta == nil) {
		err = errors.New("the compiler returned no unit")
	}
	return unit, err
}

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
