package engine

import "hash/maphash"

// seenKeys remembers keys in a memory of one size, however many they are: it may
// say of others that it has seen them (a Bloom filter; one in a hundred at 800,000
// keys), but never of one that it has seen that it has not.
type seenKeys[K comparable] struct {
	seed maphash.Seed
	bits []uint64
}

const (
	seenBits  = 1 << 23 // of memory, that is 1 MiB; a power of two
	seenMarks = 4       // bits of a key
)

func newSeenKeys[K comparable]() *seenKeys[K] {
	return &seenKeys[K]{seed: maphash.MakeSeed(), bits: make([]uint64, seenBits/64)}
}

func (s *seenKeys[K]) add(keys []K) {
	for _, key := range keys {
		for _, i := range s.marks(key) {
			s.bits[i/64] |= 1 << (i % 64)
		}
	}
}

func (s *seenKeys[K]) has(key K) bool {
	for _, i := range s.marks(key) {
		if s.bits[i/64]&(1<<(i%64)) == 0 {
			return false
		}
	}
	return true
}

// marks are the bits of a key: two halves of its hash make as many as one likes.
func (s *seenKeys[K]) marks(key K) (list [seenMarks]uint32) {
	hash := maphash.Comparable(s.seed, key)
	for i := range list {
		list[i] = (uint32(hash) + uint32(i)*(uint32(hash>>32)|1)) % seenBits
	}
	return list
}
