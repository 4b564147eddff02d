#!/bin/sh
# The AWS CLI with a user pool. It cannot do SRP, so it sends the password. It reads the pools from
# standard input; see README.md. The codes are from oathtool.
set -eu

settings=$(cat)
setting() { printf '%s' "$settings" | jq -er "$1"; }
password=$(setting .password)
export AWS_PAGER=

# use POOL selects a pool.
use() {
	endpoint=$(setting ".$1.endpoint")
	region=$(setting ".$1.region")
	pool=$(setting ".$1.userPoolId")
	client=$(setting ".$1.clientId")
	control=$(setting ".$1.control")
}
cognito() { aws --endpoint-url "$endpoint" --region "$region" --output text cognito-idp "$@"; }

# A user, with an authenticator on the clock of the pool, and an inbox.
now() { curl -fsS "$control/clock" | jq -er '.now[:19] + "Z" | fromdate'; }
codes() { # secret, seconds from now, how many after it
	oathtool --totp --base32 --window "$3" --now "@$(($(now) + $2))" "$1"
}
code() { codes "$1" 0 0; }
wrong_code() { # neither right, nor just now or soon
	right=$(codes "$1" -60 4)
	for wrong in 000000 111111 222222 333333 444444 555555; do
		case $right in *$wrong*) ;; *) echo $wrong && return ;; esac
	done
}
wait_for_next_code() { # moves the pool's clock
	curl -fsS -H 'Content-Type: application/json' -d '{"advance":"30s"}' "$control/clock" >/dev/null
}
# received USERNAME prints the code in the message that came last.
received() { curl -fsS "$control/users/$1/outbox" | jq -er '.messages[-1].code'; }

fail() {
	echo "aws-cli.sh: $*" >&2
	exit 1
}
# refused NAME COMMAND... expects a call to fail with this error of Cognito.
refused() {
	name=$1
	shift
	if error=$("$@" 2>&1); then fail "not refused with $name"; fi
	case $error in *"($name)"*) ;; *) fail "$error instead of $name" ;; esac
}
# expect WANT GOT.
expect() { [ "$1" = "$2" ] || fail "$2 instead of $1"; }

# sign_in USERNAME PASSWORD, and answer CHALLENGE SESSION RESPONSES, print the next challenge and
# its session, or None twice and the tokens.
outcome='[ChallengeName, Session, AuthenticationResult.AccessToken, AuthenticationResult.RefreshToken]'
sign_in() {
	cognito initiate-auth --client-id "$client" --auth-flow USER_PASSWORD_AUTH \
		--auth-parameters "USERNAME=$1,PASSWORD=$2" --query "$outcome"
}
answer() {
	cognito respond-to-auth-challenge --client-id "$client" --challenge-name "$1" --session "$2" \
		--challenge-responses "$3" --query "$outcome"
}
# next CHALLENGE OUTCOME parses an outcome; the challenge None stands for tokens.
next() {
	# shellcheck disable=SC2086 # words
	set -- "$1" $2
	expect "$1" "$2"
	session=$3 access=$4 refresh=$5
}

use optional

# Sign-up.
cognito sign-up --client-id "$client" --username alice --password "$password" \
	--user-attributes Name=email,Value=alice@example.com >/dev/null
refused UserNotConfirmedException sign_in alice "$password"
cognito confirm-sign-up --client-id "$client" --username alice --confirmation-code "$(received alice)"

# Sign-in.
refused NotAuthorizedException sign_in alice Wr0ng-password
refused NotAuthorizedException sign_in nobody "$password"
next None "$(sign_in alice "$password")"

# Set up TOTP.
secret=$(cognito associate-software-token --access-token "$access" --query SecretCode)
refused EnableSoftwareTokenMFAException cognito verify-software-token \
	--access-token "$access" --user-code "$(wrong_code "$secret")"
used=$(code "$secret")
expect SUCCESS "$(cognito verify-software-token --access-token "$access" --user-code "$used" \
	--friendly-device-name phone --query Status)"
cognito set-user-mfa-preference --access-token "$access" \
	--software-token-mfa-settings Enabled=true,PreferredMfa=true

# Sign in with a code. After a wrong one the same sign-in continues. Codes are single use.
next SOFTWARE_TOKEN_MFA "$(sign_in alice "$password")"
refused ExpiredCodeException answer SOFTWARE_TOKEN_MFA "$session" "USERNAME=alice,SOFTWARE_TOKEN_MFA_CODE=$used"
refused CodeMismatchException answer SOFTWARE_TOKEN_MFA "$session" \
	"USERNAME=alice,SOFTWARE_TOKEN_MFA_CODE=$(wrong_code "$secret")"
wait_for_next_code
next None "$(answer SOFTWARE_TOKEN_MFA "$session" "USERNAME=alice,SOFTWARE_TOKEN_MFA_CODE=$(code "$secret")")"

# Refresh, and sign out everywhere.
refresh_tokens() {
	cognito initiate-auth --client-id "$client" --auth-flow REFRESH_TOKEN_AUTH \
		--auth-parameters "REFRESH_TOKEN=$refresh" --query AuthenticationResult.AccessToken
}
fresh=$(refresh_tokens)
cognito global-sign-out --access-token "$fresh"
refused NotAuthorizedException cognito get-user --access-token "$access"
refused NotAuthorizedException refresh_tokens

# A forgotten password.
cognito forgot-password --client-id "$client" --username alice >/dev/null
cognito confirm-forgot-password --client-id "$client" --username alice \
	--confirmation-code "$(received alice)" --password An0ther-password
next SOFTWARE_TOKEN_MFA "$(sign_in alice An0ther-password)"

# A user created by an administrator must choose a password first.
cognito admin-create-user --user-pool-id "$pool" --username bob \
	--temporary-password "$password" --message-action SUPPRESS >/dev/null
next NEW_PASSWORD_REQUIRED "$(sign_in bob "$password")"
next None "$(answer NEW_PASSWORD_REQUIRED "$session" USERNAME=bob,NEW_PASSWORD=My-0wn-password)"

# A user with two factors and no preference must choose one.
next SELECT_MFA_TYPE "$(sign_in both "$password")"
next SMS_MFA "$(answer SELECT_MFA_TYPE "$session" USERNAME=both,ANSWER=SMS_MFA)"
next None "$(answer SMS_MFA "$session" "USERNAME=both,SMS_MFA_CODE=$(received both)")"

# Where MFA is required, it is set up during the first sign-in. Every call takes the session from
# the last one.
use required
next MFA_SETUP "$(sign_in newcomer "$password")"
# shellcheck disable=SC2046 # words
set -- $(cognito associate-software-token --session "$session" --query '[SecretCode, Session]')
secret=$1
session=$(cognito verify-software-token --session "$2" --user-code "$(code "$secret")" --query Session)
next None "$(answer MFA_SETUP "$session" USERNAME=newcomer)"
wait_for_next_code
next SOFTWARE_TOKEN_MFA "$(sign_in newcomer "$password")"
next None "$(answer SOFTWARE_TOKEN_MFA "$session" "USERNAME=newcomer,SOFTWARE_TOKEN_MFA_CODE=$(code "$secret")")"
