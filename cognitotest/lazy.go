package cognitotest

import "sync"

// lazy is a value that is made when it is first asked for. The zero lazy is ready for use, so that, other than with sync.OnceValue, nothing is
// done when a program starts that imports the package.
type lazy[T any] struct {
	once  sync.Once
	value T
}

func (l *lazy[T]) get(create func() T) T {
	l.once.Do(func() { l.value = create() })
	return l.value
}
