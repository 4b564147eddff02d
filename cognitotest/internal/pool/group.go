package pool

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// group is a group of a pool. It is replaced, never changed. Users have lists of their groups.
type group struct {
	name, description, role string
	precedence              *int32 // nil sorts after every number
	created, modified       time.Time
}

func (g *group) rank() int64 {
	if g.precedence == nil {
		return math.MaxInt64
	}
	return int64(*g.precedence)
}

// rolesOf returns the IAM roles of some groups in order of precedence. The first is preferred,
// unless groups of the same precedence have different roles.
func rolesOf(groups []*group) (roles []string, preferred string) {
	groups = slices.DeleteFunc(groups, func(g *group) bool { return g.role == "" })
	slices.SortStableFunc(groups, func(a, b *group) int { return cmp.Compare(a.rank(), b.rank()) })
	for i, g := range groups {
		if !slices.Contains(roles, g.role) {
			roles = append(roles, g.role)
		}
		switch {
		case i == 0:
			preferred = g.role
		case g.rank() == groups[0].rank() && g.role != groups[0].role:
			preferred = ""
		}
	}
	return roles, preferred
}
