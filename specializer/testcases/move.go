package testcases

import "pystonlite/specializer/pyabi"

// Move is a snapshot as another process would make it: all addresses lie by bytes higher, and versions are others. With a by of 1<<40 or
// more none is left that is so small that there is a shorter instruction for it.
func Move(data []byte, by uint64) ([]byte, error) {
	s, err := pyabi.Decode(data)
	if err != nil {
		return nil, err
	}
	s.EachAddress(func(p *uint64) { *p += by })
	s.EachVersion(func(kind pyabi.VersionKind, p *uint32) { *p += uint32(by>>32) + uint32(kind) })
	return pyabi.Encode(s), nil
}
