package clients_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
	"github.com/cognitomfa/cognitomfa/internal/tooltest"
)

// Terraform makes pools, app clients, groups and users, finds nothing to change then, changes some of them, and
// takes them away.
func TestTerraform(t *testing.T) {
	t.Parallel()
	terraform := terraformWithProvider(t)
	strict := cognitotest.NewServer()
	t.Cleanup(strict.Close)
	accepting := cognitotest.NewServer(func(o *cognitotest.Options) { o.AcceptUnsimulated = true })
	t.Cleanup(accepting.Close)
	folder := t.TempDir()
	text, err := os.ReadFile("testdata/terraform/main.tf")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "main.tf"), text, 0o600))

	run := func(args ...string) {
		t.Helper()
		cmd := exec.CommandContext(tooltest.Context(t), terraform, args...)
		cmd.Dir = folder
		cmd.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", "TF_INPUT=0",
			"TF_VAR_endpoint="+strict.URL, "TF_VAR_accepting="+accepting.URL)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "terraform %v:\n%s", args, out)
	}
	run("init", "-no-color")
	run("apply", "-auto-approve", "-no-color")
	run("plan", "-detailed-exitcode", "-no-color") // 2, and so an error, if there is something to change

	ann, found := strict.LookupUser("ann")
	require.True(t, found)
	assert.Equal(t, []string{"staff"}, ann.Groups)
	assert.Equal(t, "admin", ann.Attributes["custom:role"])
	var kept []string
	for _, call := range accepting.Calls() {
		kept = append(kept, call.Unsimulated...)
	}
	assert.Equal(t, []string{"LambdaConfig", "UserPoolAddOns.AdvancedSecurityMode"}, kept)

	run("apply", "-auto-approve", "-no-color", "-var", "changed=true")
	run("plan", "-detailed-exitcode", "-no-color", "-var", "changed=true")
	run("destroy", "-auto-approve", "-no-color", "-var", "changed=true")
	_, found = strict.LookupUser("ann")
	assert.False(t, found)
}

// terraformWithProvider finds Terraform. Its provider for AWS has some 700 MB, which a test does not download: a mirror
// of providers has to be configured. Without these the test is skipped, whatever tooltest.Require says: no
// package of Debian has them.
func terraformWithProvider(t *testing.T) string {
	t.Helper()
	terraform, err := exec.LookPath("terraform")
	if err != nil {
		t.Skip("terraform is not installed")
	}
	path := os.Getenv("TF_CLI_CONFIG_FILE")
	if path == "" {
		home, err := os.UserHomeDir()
		require.NoError(t, err)
		path = filepath.Join(home, ".terraformrc")
	}
	config, err := os.ReadFile(path)
	if err != nil || !bytes.Contains(config, []byte("_mirror")) {
		t.Skip("no mirror with hashicorp/aws is configured in TF_CLI_CONFIG_FILE or .terraformrc")
	}
	return terraform
}
