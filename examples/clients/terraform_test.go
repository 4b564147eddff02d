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

// Terraform makes pools, app clients, groups and users, finds nothing to change then, changes some of them, and
// takes them away.
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
	// Its status is 2, and so an error, if there is something to change.
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

// terraformWithProvider finds Terraform, and a settings file that names a mirror of its providers. The one for
// AWS has some 700 MB, which a test does not download. Without these the test is skipped, whatever
// tooltest.Require says: no package of Debian has them.
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
	// Where Terraform looks by itself, and where packages from elsewhere are put.
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
