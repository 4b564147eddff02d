package cognitomfa_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// What TestGoalsAreReached does with errors that are made up, over real connections: for each kind
// of call, some sequences of failures, and what the caller is told after the SDK's own retries.

type faults = []cognitotest.Fault

// advice is what the caller is told. The zero value is success.
type advice struct {
	kind error
	step cognitomfa.Step
}

func TestLostResponsesOnRealConnections(t *testing.T) {
	t.Parallel()
	unavailable := advice{cognitomfa.ErrUnavailable, cognitomfa.StepBackOff}
	usedUp := advice{cognitomfa.ErrUnavailable, cognitomfa.StepStartOver}
	throttled := advice{cognitomfa.ErrThrottled, cognitomfa.StepBackOff}
	for name, tc := range map[string]struct {
		faults faults
		// single is for a call that uses up a session, again for one that may be sent again, and
		// unreadable for one that is sent again even if its response is cut off.
		single, again, unreadable advice
	}{
		"none":                 {},
		"dropped before":       {faults: times(1, cognitotest.DropBefore()), single: usedUp},
		"dropped after":        {faults: times(1, cognitotest.DropAfter()), single: usedUp},
		"dropped after, twice": {faults: times(2, cognitotest.DropAfter()), single: usedUp},
		"dropped after, then throttled": {
			faults: faults{cognitotest.DropAfter(), cognitotest.Throttle()}, single: usedUp,
		},
		"dropped after, always": {
			faults: times(3, cognitotest.DropAfter()),
			single: usedUp, again: unavailable, unreadable: unavailable,
		},
		"cut off": {
			faults: times(1, cognitotest.CutAnswer()), single: usedUp, again: unavailable,
		},
		"an internal error": {faults: times(1, cognitotest.InternalError()), single: usedUp},
		"throttled":         {faults: times(2, cognitotest.Throttle())},
		"throttled, always": {
			faults: times(3, cognitotest.Throttle()),
			single: throttled, again: throttled, unreadable: throttled,
		},
	} {
		for goal, want := range map[string]advice{
			"RespondMFA":       tc.single,
			"Status":           tc.again,
			"Verify, the code": tc.unreadable,
			"Verify, the code of a second authenticator": tc.unreadable,
		} {
			t.Run(goal+"/"+name, func(t *testing.T) {
				t.Parallel()
				g := goals[goal]
				j := g.newJourney(t, quickRetries)
				defer j.Close()
				j.Fail(g.operation, tc.faults...)
				err := g.call(t.Context(), j)
				j.Fail(g.operation) // The rest of the faults is for tries that are not made.
				if want.kind == nil {
					g.reached(j, err)
					return
				}
				require.ErrorIs(t, err, want.kind)
				assert.Equal(t, want.step, cognitomfa.NextStep(err), err)
				checkText(t, err)
				g.begin(j)
				g.reached(j, g.call(t.Context(), j))
			})
		}
	}
}

// A session is still good if nobody listened.
func TestNobodyListens(t *testing.T) {
	t.Parallel()
	srv := cognitotest.NewServer()
	client := newClient(t, srv.Client(quickRetries), configOf(srv))
	srv.Close()
	err := respondMFA(t.Context(), client)
	require.ErrorIs(t, err, cognitomfa.ErrUnavailable)
	assert.Equal(t, cognitomfa.StepBackOff, cognitomfa.NextStep(err))
}
