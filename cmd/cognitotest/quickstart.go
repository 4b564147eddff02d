package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// quickstart has commands for a POSIX shell that sign a user in: the first one who can, or one who
// signs up.
type quickstart struct {
	title    string
	commands []string
}

func newQuickstart(
	srv *cognitotest.Server, s *settings, users []cognitotest.User, control string,
) quickstart {
	l := &lines{
		srv: srv, control: control,
		password: s.allows(types.ExplicitAuthFlowsTypeAllowUserPasswordAuth),
	}
	// Calls of administrators need credentials, and these keep the developer's own out of it.
	l.add(`cognito() { AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test `+
		`aws cognito-idp "$@" --endpoint-url %s --region %s; }`, srv.URL, srv.Region)
	i := slices.IndexFunc(users, func(u cognitotest.User) bool {
		return (u.Status == "" || u.Status == types.UserStatusTypeConfirmed) && !u.Disabled &&
			u.Password != "" && u.Challenges == nil
	})
	if i < 0 {
		l.signUp(s.pool.UsernameAttributes)
		return quickstart{"A user signs up and in", l.commands}
	}
	l.signIn(users[i].Username, s.pool.MFA != types.UserPoolMfaTypeOff)
	return quickstart{"The user " + users[i].Username + " signs in", l.commands}
}

// lines collects commands.
type lines struct {
	srv      *cognitotest.Server
	control  string // the URL of the control address; may be empty
	password bool   // the app client allows USER_PASSWORD_AUTH
	commands []string
}

func (l *lines) add(format string, args ...any) {
	l.commands = append(l.commands, fmt.Sprintf(format, args...))
}

// client returns the beginning of a command that the app client runs.
func (l *lines) client(command string) string {
	return "cognito " + command + " --client-id " + l.srv.ClientID
}

// signUp signs a user up, with a user name that the pool allows, and confirms the address with the
// code that was sent there. The code is read from the control address; without one, an
// administrator confirms the user.
func (l *lines) signUp(names []types.UsernameAttributeType) {
	const password = "Passw0rd!"
	username, attribute := "alice", "Name=email,Value=alice@example.com"
	switch {
	case slices.Contains(names, types.UsernameAttributeTypeEmail):
		username = "alice@example.com"
	case len(names) > 0:
		username, attribute = "+15550001234", "Name=phone_number,Value=+15550001234"
	}
	hash := ""
	if text := secretHash(l.srv, username); text != "" {
		hash = " --secret-hash " + text
	}
	l.add("%s --username %s --password '%s' --user-attributes %s%s",
		l.client("sign-up"), username, password, attribute, hash)
	if l.control == "" {
		l.add("cognito admin-confirm-sign-up --user-pool-id %s --username %s", l.srv.UserPoolID,
			username)
	} else {
		l.code(username, "outbox")
		l.add(`%s --username %s --confirmation-code "$code"%s`, l.client("confirm-sign-up"),
			username, hash)
	}
	l.initiate("", l.parameters(username, "PASSWORD", password))
}

// signIn signs a user in. If there is a control address to read the code from, it includes the
// second factor. It prompts for the password, so the lines do not contain the one
// of the users file.
func (l *lines) signIn(username string, mfa bool) {
	user, _ := l.srv.LookupUser(username)
	challenge := user.Preferred
	if challenge == "" && len(user.Methods) == 1 {
		challenge = user.Methods[0]
	}
	if l.password {
		l.add("printf 'Password: '; read -r password")
	}
	parameters := l.parameters(username, "PASSWORD", `'"$password"'`)
	if challenge == "" || !mfa || l.control == "" || !l.password {
		l.initiate("", parameters)
		return
	}
	l.initiate("session", parameters)
	where := "outbox"
	if challenge == "SOFTWARE_TOKEN_MFA" {
		where = "codes"
	}
	l.code(username, where)
	l.add(`%s --challenge-name %s --session "$session" --challenge-responses %s`,
		l.client("respond-to-auth-challenge"), challenge,
		l.parameters(username, challenge+"_CODE", `'"$code"'`))
}

// initiate begins a sign-in, and stores the session of its challenge if a variable is given.
func (l *lines) initiate(variable, parameters string) {
	if !l.password {
		l.add("# The app client does not allow USER_PASSWORD_AUTH, and the AWS CLI cannot do SRP.")
		return
	}
	line := l.client("initiate-auth") + " --auth-flow USER_PASSWORD_AUTH --auth-parameters " +
		parameters
	if variable != "" {
		line = variable + "=$(" + line + " --query Session --output text)"
	}
	l.add("%s", line)
}

// parameters returns those of a sign-in or a challenge's answer, as a quoted JSON object. value is
// inserted as it is: it may close the quotes to use a shell variable, and open them again.
func (l *lines) parameters(username, name, value string) string {
	object := `{"USERNAME":` + quoteJSON(username) + `,`
	if hash := secretHash(l.srv, username); hash != "" {
		object += `"SECRET_HASH":"` + hash + `",`
	}
	object = quote(object + `"` + name + `":"`)
	return strings.TrimSuffix(object, "'") + value + `"}'`
}

// code stores the newest code of a user in the variable "code".
func (l *lines) code(username, where string) {
	l.add(`code=$(curl -s %s | sed 's/.*"code":"//; s/".*//')`,
		quote(l.control+"/users/"+url.PathEscape(username)+"/"+where))
}

// secretHash returns the SECRET_HASH for a user; empty if the app client has no secret. It is safe
// to print: it does not reveal the secret.
func secretHash(srv *cognitotest.Server, username string) string {
	if srv.ClientSecret == "" {
		return ""
	}
	mac := hmac.New(sha256.New, []byte(srv.ClientSecret))
	_, _ = mac.Write([]byte(username + srv.ClientID))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func quoteJSON(text string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(text) // a string can always be encoded
	return strings.TrimSuffix(b.String(), "\n")
}

// quote quotes a string for a POSIX shell.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
