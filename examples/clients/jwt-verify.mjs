// A service verifies the tokens of its callers with aws-jwt-verify.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import {
  CognitoIdentityProviderClient,
  InitiateAuthCommand,
} from '@aws-sdk/client-cognito-identity-provider'
import { CognitoJwtVerifier } from 'aws-jwt-verify'
import {
  CognitoJwtInvalidClientIdError,
  CognitoJwtInvalidGroupError,
  CognitoJwtInvalidTokenUseError,
  JwtExpiredError,
  JwtInvalidScopeError,
  JwtInvalidSignatureError,
  KidNotFoundInJwksError,
} from 'aws-jwt-verify/error'
import { SimpleJwksCache } from 'aws-jwt-verify/jwk'
import { Person } from './person.mjs'

const { password, optional: pool, required: other } = JSON.parse(readFileSync(0))
const { endpoint, region, userPoolId, clientId } = pool

async function signIn() {
  const cognito = new CognitoIdentityProviderClient({ region, endpoint })
  const { AuthenticationResult } = await cognito.send(
    new InitiateAuthCommand({
      ClientId: clientId,
      AuthFlow: 'USER_PASSWORD_AUTH',
      AuthParameters: { USERNAME: 'reader', PASSWORD: password },
    }),
  )
  return AuthenticationResult
}

// The keys are below the issuer, https://cognito-idp.REGION.amazonaws.com/POOL; a custom fetcher
// can get them from elsewhere.
let fetched = 0
const fetcher = {
  async fetch(uri) {
    const { pathname } = new URL(uri)
    const response = await fetch(endpoint + pathname)
    assert.equal(response.status, 200)
    fetched++
    return response.arrayBuffer()
  },
}
const verifier = CognitoJwtVerifier.create(
  { userPoolId, clientId, tokenUse: null },
  { jwksCache: new SimpleJwksCache({ fetcher }) },
)

const { AccessToken: access, IdToken: id } = await signIn()

const claims = await verifier.verify(access, {
  tokenUse: 'access',
  scope: 'aws.cognito.signin.user.admin',
  groups: 'readers',
})
assert.equal(claims.username, 'reader')
assert.equal(claims.client_id, clientId)
assert.equal(claims.token_use, 'access')
assert.ok(
  claims.sub &&
    claims.jti &&
    claims.origin_jti &&
    claims.auth_time <= claims.iat &&
    claims.iat < claims.exp,
)
const person = await verifier.verify(id, { tokenUse: 'id', groups: ['writers', 'readers'] })
assert.equal(person['cognito:username'], 'reader')
assert.equal(person.aud, clientId)
assert.equal(person.sub, claims.sub)
assert.equal(person.email, 'reader@example.com')
assert.equal(fetched, 1)

// Tokens with the wrong claims.
const refused = (token, options, error) => assert.rejects(verifier.verify(token, options), error)
await refused(id, { tokenUse: 'access' }, CognitoJwtInvalidTokenUseError)
await refused(access, { tokenUse: 'id' }, CognitoJwtInvalidTokenUseError)
await refused(access, { clientId: other.clientId }, CognitoJwtInvalidClientIdError)
await refused(id, { clientId: other.clientId }, CognitoJwtInvalidClientIdError)
await refused(access, { groups: 'writers' }, CognitoJwtInvalidGroupError)
await refused(access, { scope: 'books/write' }, JwtInvalidScopeError)

// Forged and modified tokens.
const encode = object => Buffer.from(JSON.stringify(object)).toString('base64url')
const decode = part => JSON.parse(Buffer.from(part, 'base64url'))
for (const token of [access, id]) {
  const [header, payload, signature] = token.split('.')
  await refused(
    [header, encode({ ...decode(payload), exp: 2 ** 32 }), signature].join('.'),
    {},
    JwtInvalidSignatureError,
  )
}
const [header, payload, signature] = access.split('.')
await refused([header, payload, id.split('.')[2]].join('.'), {}, JwtInvalidSignatureError)
await refused(
  [encode({ ...decode(header), kid: 'another' }), payload, signature].join('.'),
  {},
  KidNotFoundInJwksError,
)
const otherVerifier = CognitoJwtVerifier.create(
  { ...other, tokenUse: null },
  { jwksCache: new SimpleJwksCache({ fetcher }) },
)
await assert.rejects(otherVerifier.verify(access), /issuer not configured/)

// Expired tokens: issued two hours ago and valid for one, unless a grace period allows it.
await new Person(pool.control).moveClock('-2h')
const old = await signIn()
for (const token of [old.AccessToken, old.IdToken]) {
  await refused(token, {}, JwtExpiredError)
  await verifier.verify(token, { graceSeconds: 2 * 60 * 60 })
}
