package clients_test

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
	"github.com/cognitomfa/cognitomfa/internal/tooltest"
)

// Terraform creates pools, app clients, groups and users, then finds nothing to change, updates
// some of them, and destroys them all.
func TestTerraform(t *testing.T) {
	t.Parallel()
	terraform, settings := terraformWithProvider(t)
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
			"TF_CLI_CONFIG_FILE="+settings,
			"TF_VAR_endpoint="+strict.URL, "TF_VAR_accepting="+accepting.URL)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "terraform %v:\n%s", args, out)
	}
	run("init", "-no-color")
	run("apply", "-auto-approve", "-no-color")
	// With changes to make, the exit status is 2, which is an error here.
	run("plan", "-detailed-exitcode", "-no-color")

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

// terraformWithProvider finds Terraform and returns a settings file for a mirror of its providers.
// The AWS provider has some 700 MB, which a test does not download. Without either, the test is
// skipped whatever tooltest.Require says, because no Debian package has them.
func terraformWithProvider(t *testing.T) (terraform, settings string) {
	t.Helper()
	terraform, err := exec.LookPath("terraform")
	if err != nil {
		t.Skip("terraform is not installed")
	}
	home, err := os.UserHomeDir()
	require.NoError(t, err)
	settings = cmp.Or(os.Getenv("TF_CLI_CONFIG_FILE"), filepath.Join(home, ".terraformrc"))
	if text, err := os.ReadFile(settings); err == nil && bytes.Contains(text, []byte("_mirror")) {
		return terraform, settings
	}
	// Terraform's default folders, and those of packages from elsewhere.
	for _, place := range []string{
		filepath.Join(home, ".terraform.d/plugins"),
		filepath.Join(home, ".local/share/terraform/plugins"),
		"/usr/local/share/terraform/plugins", "/usr/share/terraform/plugins", "/opt/*",
	} {
		found, err := filepath.Glob(filepath.Join(place, "registry.terraform.io/hashicorp/aws"))
		require.NoError(t, err)
		if len(found) == 0 {
			continue
		}
		settings = filepath.Join(t.TempDir(), "terraformrc")
		mirror := filepath.Dir(filepath.Dir(filepath.Dir(found[0])))
		text := fmt.Sprintf(
			"provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", mirror)
		require.NoError(t, os.WriteFile(settings, []byte(text), 0o600))
		return terraform, settings
	}
	t.Skip("there is no mirror with the provider hashicorp/aws; name one in TF_CLI_CONFIG_FILE")
	return "", ""
}
