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

// quickstart are lines for a POSIX shell that end with a user who is signed in: the first of those
// that there are, or one who signs up.
type quickstart struct {
	title    string
	commands []string
}

func newQuickstart(
	srv *cognitotest.Server, s *settings, users []cognitotest.User, control string,
) quickstart {
	l := &lines{
		srv: srv, control: control, password: s.allows(types.ExplicitAuthFlowsTypeAllowUserPasswordAuth),
	}
	// Administrators' calls want credentials, and a person's own have no place here.
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

// lines are written one after another.
type lines struct {
	srv      *cognitotest.Server
	control  string
	password bool // the app client allows a sign-in by password in one call
	commands []string
}

func (l *lines) add(format string, args ...any) {
	l.commands = append(l.commands, fmt.Sprintf(format, args...))
}

// client begins a line of the app client.
func (l *lines) client(command string) string {
	return "cognito " + command + " --client-id " + l.srv.ClientID
}

// signUp signs a user up under a name that the pool allows, and proves the address by the code that was
// sent there. Without a control address, which tells the code, an administrator confirms the user.
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
		l.add("cognito admin-confirm-sign-up --user-pool-id %s --username %s", l.srv.UserPoolID, username)
	} else {
		l.code(username, "outbox")
		l.add(`%s --username %s --confirmation-code "$code"%s`, l.client("confirm-sign-up"), username, hash)
	}
	l.initiate("", l.parameters(username, "PASSWORD", password))
}

// signIn signs a user in, with the second factor that is asked for if the control address tells its
// code. It asks for the password: one that came in a file is not for the screen.
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
		l.client("respond-to-auth-challenge"), challenge, l.parameters(username, challenge+"_CODE", `'"$code"'`))
}

// initiate begins a sign-in, and puts the session of its challenge into a variable if one is named.
func (l *lines) initiate(variable, parameters string) {
	if !l.password {
		l.add("# The app client does not allow USER_PASSWORD_AUTH, and the AWS CLI cannot do SRP.")
		return
	}
	line := l.client("initiate-auth") + " --auth-flow USER_PASSWORD_AUTH --auth-parameters " + parameters
	if variable != "" {
		line = variable + "=$(" + line + " --query Session --output text)"
	}
	l.add("%s", line)
}

// parameters are those of a sign-in or an answer, as a JSON object in quotes. The value of the last
// one is for the shell: it may end the quotes, and begin them again.
func (l *lines) parameters(username, name, value string) string {
	object := `{"USERNAME":` + quoteJSON(username) + `,`
	if hash := secretHash(l.srv, username); hash != "" {
		object += `"SECRET_HASH":"` + hash + `",`
	}
	object = quote(object + `"` + name + `":"`)
	return strings.TrimSuffix(object, "'") + value + `"}'`
}

// code puts the newest code of a user into a variable.
func (l *lines) code(username, where string) {
	l.add(`code=$(curl -s %s | sed 's/.*"code":"//; s/".*//')`,
		quote(l.control+"/users/"+url.PathEscape(username)+"/"+where))
}

// secretHash is what proves that a client knows its secret: for one user, so that it does not give the
// secret away.
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
	_ = e.Encode(text) // a string can be encoded
	return strings.TrimSuffix(b.String(), "\n")
}

// quote quotes a text for a POSIX shell.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
