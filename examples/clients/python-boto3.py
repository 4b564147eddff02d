"""boto3 with a user pool: sign-up, sign-in by SRP, TOTP, and sign-out.

It reads the pools from standard input; see README.md.
"""

import base64
import contextlib
import hashlib
import hmac
import json
import sys
import time
import urllib.parse
import urllib.request

import boto3
from botocore.exceptions import ClientError

from srp import SRP

settings = json.load(sys.stdin)
PASSWORD = settings["password"]


class Person:
    """A user, with an authenticator and an inbox."""

    def __init__(self, control):
        self.control, self.ahead = control, 0

    def code(self, secret, later=0):
        """The current code of the authenticator (RFC 6238)."""
        step = int(time.time() + self.ahead + later) // 30
        key = base64.b32decode(secret + "=" * (-len(secret) % 8))
        digest = hmac.new(key, step.to_bytes(8, "big"), hashlib.sha1).digest()
        offset = digest[-1] & 15
        return f"{(int.from_bytes(digest[offset:offset + 4], 'big') & 0x7fffffff) % 1_000_000:06}"

    def wrong_code(self, secret):
        """A code that is not valid around now."""
        right = [self.code(secret, later) for later in (-60, -30, 0, 30, 60)]
        return next(code for code in (digit * 6 for digit in "0123456789") if code not in right)

    def wait_for_next_code(self):
        """Waits for the next code, by moving the clock of the pool. With a real pool, wait."""
        body = json.dumps({"advance": "30s"}).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.control + "/clock", body, headers)
        urllib.request.urlopen(request).close()
        self.ahead += 30

    def received(self, username):
        """The code in the latest message."""
        with urllib.request.urlopen(f"{self.control}/users/{urllib.parse.quote(username)}/outbox") as response:
            return json.load(response)["messages"][-1]["code"]


class Pool:
    """A user pool and its app client, with the steps of a sign-in."""

    def __init__(self, pool):
        self.id, self.client_id = pool["userPoolId"], pool["clientId"]
        self.cognito = boto3.client("cognito-idp", region_name=pool["region"], endpoint_url=pool["endpoint"])
        self.person = Person(pool["control"])

    def sign_in(self, username, password=PASSWORD):
        srp = SRP()
        asked = self.cognito.initiate_auth(
            ClientId=self.client_id, AuthFlow="USER_SRP_AUTH", AuthParameters=srp.parameters(username)
        )
        assert asked["ChallengeName"] == "PASSWORD_VERIFIER", asked
        return self.cognito.respond_to_auth_challenge(
            ClientId=self.client_id, ChallengeName="PASSWORD_VERIFIER",
            ChallengeResponses=srp.responses(asked["ChallengeParameters"], self.id, password),
        )

    def answer(self, challenge, **responses):
        return self.cognito.respond_to_auth_challenge(
            ClientId=self.client_id, ChallengeName=challenge["ChallengeName"], Session=challenge["Session"],
            ChallengeResponses={"USERNAME": challenge["ChallengeParameters"]["USER_ID_FOR_SRP"], **responses},
        )


@contextlib.contextmanager
def refused(code, message=None):
    """Expects a call to fail with an error of Cognito."""
    try:
        yield
    except ClientError as e:
        error = e.response["Error"]
        assert error["Code"] == code and message in (None, error["Message"]), error
    else:
        raise AssertionError(f"not refused with {code}")


def signed_in(answer):
    assert "AuthenticationResult" in answer, answer
    return answer["AuthenticationResult"]


def asked_for(challenge, answer):
    assert answer.get("ChallengeName") == challenge, answer
    return answer


pool = Pool(settings["optional"])
cognito, person = pool.cognito, pool.person

# Sign-up.
cognito.sign_up(
    ClientId=pool.client_id,
    Username="alice",
    Password=PASSWORD,
    UserAttributes=[{"Name": "email", "Value": "alice@example.com"}],
)
with refused("UserNotConfirmedException"):
    pool.sign_in("alice")
with refused("CodeMismatchException"):
    cognito.confirm_sign_up(
        ClientId=pool.client_id, Username="alice", ConfirmationCode="x" + person.received("alice")
    )
cognito.confirm_sign_up(ClientId=pool.client_id, Username="alice", ConfirmationCode=person.received("alice"))

# Sign-in. An unknown user looks like a wrong password.
for username, password in (("alice", "Wr0ng-password"), ("nobody", PASSWORD)):
    with refused("NotAuthorizedException", "Incorrect username or password."):
        pool.sign_in(username, password)
tokens = signed_in(pool.sign_in("alice"))

# Set up TOTP.
secret = cognito.associate_software_token(AccessToken=tokens["AccessToken"])["SecretCode"]
with refused("EnableSoftwareTokenMFAException"):
    cognito.verify_software_token(AccessToken=tokens["AccessToken"], UserCode=person.wrong_code(secret))
code = person.code(secret)
verified = cognito.verify_software_token(
    AccessToken=tokens["AccessToken"], UserCode=code, FriendlyDeviceName="phone"
)
assert verified["Status"] == "SUCCESS", verified
cognito.set_user_mfa_preference(
    AccessToken=tokens["AccessToken"],
    SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True},
)
assert cognito.get_user(AccessToken=tokens["AccessToken"])["PreferredMfaSetting"] == "SOFTWARE_TOKEN_MFA"
cognito.revoke_token(ClientId=pool.client_id, Token=tokens["RefreshToken"])

# Sign in with a code. After a wrong one the same sign-in continues. Codes are single use.
challenge = asked_for("SOFTWARE_TOKEN_MFA", pool.sign_in("alice"))
assert challenge["ChallengeParameters"]["FRIENDLY_DEVICE_NAME"] == "phone", challenge
with refused("ExpiredCodeException", "Your software token has already been used once."):
    pool.answer(challenge, SOFTWARE_TOKEN_MFA_CODE=code)
with refused("CodeMismatchException"):
    pool.answer(challenge, SOFTWARE_TOKEN_MFA_CODE=person.wrong_code(secret))
person.wait_for_next_code()
tokens = signed_in(pool.answer(challenge, SOFTWARE_TOKEN_MFA_CODE=person.code(secret)))
with refused("NotAuthorizedException", "Invalid session for the user, session can only be used once."):
    pool.answer(challenge, SOFTWARE_TOKEN_MFA_CODE=person.code(secret))

# Refresh, and sign out everywhere.
refresh = {
    "ClientId": pool.client_id,
    "AuthFlow": "REFRESH_TOKEN_AUTH",
    "AuthParameters": {"REFRESH_TOKEN": tokens["RefreshToken"]},
}
fresh = signed_in(cognito.initiate_auth(**refresh))
assert fresh["AccessToken"] != tokens["AccessToken"]
assert cognito.get_user(AccessToken=fresh["AccessToken"])["Username"] == "alice"
cognito.global_sign_out(AccessToken=fresh["AccessToken"])
for token in (tokens["AccessToken"], fresh["AccessToken"]):
    with refused("NotAuthorizedException", "Access Token has been revoked"):
        cognito.get_user(AccessToken=token)
with refused("NotAuthorizedException", "Refresh Token has been revoked"):
    cognito.initiate_auth(**refresh)

# A forgotten password.
cognito.forgot_password(ClientId=pool.client_id, Username="alice")
cognito.confirm_forgot_password(
    ClientId=pool.client_id,
    Username="alice",
    ConfirmationCode=person.received("alice"),
    Password="An0ther-password",
)
asked_for("SOFTWARE_TOKEN_MFA", pool.sign_in("alice", "An0ther-password"))

# A user created by an administrator must choose a password first.
cognito.admin_create_user(UserPoolId=pool.id, Username="bob", TemporaryPassword=PASSWORD, MessageAction="SUPPRESS")
challenge = asked_for("NEW_PASSWORD_REQUIRED", pool.sign_in("bob"))
signed_in(pool.answer(challenge, NEW_PASSWORD="My-0wn-password"))
signed_in(pool.sign_in("bob", "My-0wn-password"))

# A user with two factors and no preference must choose one.
challenge = asked_for("SELECT_MFA_TYPE", pool.sign_in("both"))
choices = json.loads(challenge["ChallengeParameters"]["MFAS_CAN_CHOOSE"])
assert choices == ["SMS_MFA", "SOFTWARE_TOKEN_MFA"], challenge
challenge = asked_for("SMS_MFA", pool.answer(challenge, ANSWER="SMS_MFA"))
signed_in(pool.answer(challenge, SMS_MFA_CODE=person.received("both")))
challenge = asked_for("SOFTWARE_TOKEN_MFA", pool.answer(pool.sign_in("both"), ANSWER="SOFTWARE_TOKEN_MFA"))
signed_in(pool.answer(challenge, SOFTWARE_TOKEN_MFA_CODE=person.code(settings["secret"])))

# Where MFA is required, it is set up during the first sign-in. Every call takes the session from the last one.
pool = Pool(settings["required"])
cognito, person = pool.cognito, pool.person
challenge = asked_for("MFA_SETUP", pool.sign_in("newcomer"))
associated = cognito.associate_software_token(Session=challenge["Session"])
secret = associated["SecretCode"]
with refused("EnableSoftwareTokenMFAException"):
    cognito.verify_software_token(Session=associated["Session"], UserCode=person.wrong_code(secret))
verified = cognito.verify_software_token(Session=associated["Session"], UserCode=person.code(secret))
signed_in(pool.answer({**challenge, "Session": verified["Session"]}))
person.wait_for_next_code()
challenge = asked_for("SOFTWARE_TOKEN_MFA", pool.sign_in("newcomer"))
signed_in(pool.answer(challenge, SOFTWARE_TOKEN_MFA_CODE=person.code(secret)))
