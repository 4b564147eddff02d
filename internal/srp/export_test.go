package srp

import "math/big"

// What tests need to repeat an exchange that others have made.

var (
	FixedExchange = newExchange
	FixedAnswer   = answer
	Pad           = pad
	Multiplier    = func() *big.Int { return group().k }
)

// KeyFor is Key for a u that no hash comes to.
func (e *Exchange) KeyFor(x, b, u *big.Int) (Key, error) { return e.key(x, b, u) }
