"""Sign-in by SRP, which boto3 does not implement.

This is the client's half of USER_SRP_AUTH, with only the standard library: SRP-6a (RFC 5054) on
the group of 3072 bits (RFC 3526, section 4) with SHA-256. What is Cognito's own: numbers are
hashed in as few bytes as two's complement takes, the part of the pool's ID after the underscore
belongs to the user name, and the key is derived from the shared secret by HKDF.
"""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime, timezone

N = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
    "15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7"
    "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C"
    "BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
    16,
)
g = 2


def signed(number):
    """The bytes of a number, with a leading zero byte if the highest bit is set."""
    return number.to_bytes(number.bit_length() // 8 + 1, "big")


def hashed(*parts):
    return int.from_bytes(hashlib.sha256(b"".join(parts)).digest(), "big")


def mac(key, message):
    return hmac.new(key, message, hashlib.sha256).digest()


class SRP:
    """One sign-in: the ephemeral secret a and the public value sent to the server."""

    def __init__(self):
        self.a = 1 + secrets.randbelow(N - 1)
        self.A = pow(g, self.a, N)

    def parameters(self, username):
        """AuthParameters, for USER_SRP_AUTH."""
        return {"USERNAME": username, "SRP_A": f"{self.A:x}"}

    def responses(self, challenge, pool_id, password):
        """ChallengeResponses, for PASSWORD_VERIFIER: the proof of the password, from its ChallengeParameters."""
        realm, user = pool_id.split("_")[1], challenge["USER_ID_FOR_SRP"]
        B, salt = int(challenge["SRP_B"], 16), int(challenge["SALT"], 16)
        if B % N == 0:
            raise ValueError("the server's public value is zero")
        k = hashed(signed(N), signed(g))
        u = hashed(signed(self.A), signed(B))
        x = hashed(signed(salt), hashlib.sha256(f"{realm}{user}:{password}".encode()).digest())
        S = pow(B - k * pow(g, x, N), self.a + u * x, N)
        key = mac(mac(signed(u), signed(S)), b"Caldera Derived Key\x01")[:16]

        # As "Wed Jul 1 09:05:00 UTC 2026": in English, without a zero before the day.
        now = datetime.now(timezone.utc)
        timestamp = f"{now:%a %b} {now.day} {now:%H:%M:%S} UTC {now.year}"
        message = realm.encode() + user.encode() + base64.b64decode(challenge["SECRET_BLOCK"]) + timestamp.encode()
        return {
            "USERNAME": user,
            "PASSWORD_CLAIM_SECRET_BLOCK": challenge["SECRET_BLOCK"],
            "PASSWORD_CLAIM_SIGNATURE": base64.b64encode(mac(key, message)).decode(),
            "TIMESTAMP": timestamp,
        }
