package srp

import "math/big"

// Tests use these to repeat exchanges with fixed numbers.

var (
	FixedExchange = newExchange
	FixedAnswer   = answer
	Pad           = pad
	Multiplier    = func() *big.Int { return group().k }
)

// KeyFor computes the key for a given u, such as one that no hash can have.
func (e *Exchange) KeyFor(x, b, u *big.Int) (Key, error) { return e.key(x, b, u) }
