package cognitomfa_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// The counterpart of TestGoalsAreReached on real connections instead of made-up errors: for each
// kind of call, some sequences of failures, and the error after the SDK's own retries.

type faults = []cognitotest.Fault

// advice is the error and the next step that a caller gets. The zero value is success.
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
		// once is for calls that use up a session and are sent once, retried for those that the SDK
		// may repeat, and retriedMore for those that are also repeated after a cut-off response.
		once, retried, retriedMore advice
	}{
		"none":                 {},
		"dropped before":       {faults: times(1, cognitotest.DropBefore()), once: usedUp},
		"dropped after":        {faults: times(1, cognitotest.DropAfter()), once: usedUp},
		"dropped after, twice": {faults: times(2, cognitotest.DropAfter()), once: usedUp},
		"dropped after, then throttled": {
			faults: faults{cognitotest.DropAfter(), cognitotest.Throttle()}, once: usedUp,
		},
		"dropped after, always": {
			faults: times(3, cognitotest.DropAfter()),
			once:   usedUp, retried: unavailable, retriedMore: unavailable,
		},
		"dropped after, then throttled, always": {
			faults: faults{cognitotest.DropAfter(), cognitotest.Throttle(), cognitotest.Throttle()},
			once:   usedUp, retried: unavailable, retriedMore: unavailable,
		},
		"cut off": {
			faults: times(1, cognitotest.CutAnswer()), once: usedUp, retried: unavailable,
		},
		"an internal error": {faults: times(1, cognitotest.InternalError()), once: usedUp},
		"throttled":         {faults: times(2, cognitotest.Throttle())},
		"throttled, always": {
			faults: times(3, cognitotest.Throttle()),
			once:   throttled, retried: throttled, retriedMore: throttled,
		},
	} {
		for goal, want := range map[string]advice{
			"RespondMFA":       tc.once,
			"Status":           tc.retried,
			"Verify, the code": tc.retriedMore,
			"Verify, the code of a second authenticator": tc.retriedMore,
		} {
			t.Run(goal+"/"+name, func(t *testing.T) {
				t.Parallel()
				g := goals[goal]
				j := g.newJourney(t, quickRetries)
				defer j.Close()
				j.Fail(g.operation, tc.faults...)
				err := g.call(t.Context(), j)
				j.Fail(g.operation) // Drop the faults for retries that were not made.
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

// If no connection can be made, the session is not used up.
func TestConnectionRefused(t *testing.T) {
	t.Parallel()
	srv := cognitotest.NewServer()
	client := newClient(t, srv.Client(quickRetries), configOf(srv))
	srv.Close()
	err := respondMFA(t.Context(), client)
	require.ErrorIs(t, err, cognitomfa.ErrUnavailable)
	assert.Equal(t, cognitomfa.StepBackOff, cognitomfa.NextStep(err))
}
