package cognitomfa_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa"
)

func TestNewChecksItsSettings(t *testing.T) {
	t.Parallel()
	id := func(id string) configEdit { return func(c *cognitomfa.Config) { c.UserPoolID = id } }
	client := func(id string) configEdit { return func(c *cognitomfa.Config) { c.ClientID = id } }
	issuer := func(name string) configEdit { return func(c *cognitomfa.Config) { c.Issuer = name } }
	srpInPool := func(id string) configEdit {
		return func(c *cognitomfa.Config) {
			c.Flow, c.Public, c.UserPoolID = cognitomfa.FlowSRP, true, id
		}
	}
	for name, tc := range map[string]struct {
		edit configEdit
		want string // the setting that the error names
	}{
		"nothing": {
			func(c *cognitomfa.Config) { *c = cognitomfa.Config{} }, "Config.",
		},
		"no pool":                  {id(""), "Config.UserPoolID"},
		"no client":                {client(""), "Config.ClientID"},
		"no issuer":                {issuer(""), "Config.Issuer"},
		"a space before the pool":  {id(" eu-west-1_Example"), "Config.UserPoolID"},
		"a line end at the client": {client("1example\n"), "Config.ClientID"},
		"a space after the issuer": {issuer("Example "), "Config.Issuer"},
		"a space before the secret": {
			func(c *cognitomfa.Config) { c.ClientSecret = " hidden" }, "Config.ClientSecret",
		},
		"a colon in the issuer":            {issuer("Ex:ample"), "issuer contains a colon"},
		"an issuer that is not UTF-8":      {issuer("Ex\xffample"), "issuer is not UTF-8"},
		"an unknown flow":                  {withFlow("CUSTOM_AUTH"), "Config.Flow"},
		"SRP without a pool":               {srpInPool(""), "Config.UserPoolID"},
		"SRP in a pool without a name":     {srpInPool("eu-west-1"), "Config.UserPoolID"},
		"SRP in a pool with an empty name": {srpInPool("eu-west-1_"), "Config.UserPoolID"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, err := cognitomfa.New(&double{}, edited(config, tc.edit))
			assert.Nil(t, client)
			require.ErrorIs(t, err, cognitomfa.ErrConfig)
			assert.ErrorContains(t, err, tc.want)
			assert.NotContains(t, err.Error(), "hidden")
			assert.Equal(t, cognitomfa.StepGiveUp, cognitomfa.NextStep(err))
		})
	}
	none, err := cognitomfa.New(nil, config)
	assert.Nil(t, none)
	require.ErrorIs(t, err, cognitomfa.ErrConfig)
	assert.ErrorContains(t, err, "CognitoAPI")
}

func TestNewAcceptsEveryFlow(t *testing.T) {
	t.Parallel()
	for _, flow := range allFlows {
		_, err := cognitomfa.New(&double{}, edited(config, withFlow(flow)))
		require.NoError(t, err, flow)
	}
	public := edited(config, withPublic(true))
	public.UserPoolID = ""
	_, err := cognitomfa.New(&double{}, public)
	require.NoError(t, err, "a public client needs no pool ID")
}
