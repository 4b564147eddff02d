// The AWS SDK for JavaScript v3 with a user pool, and cognito-srp-helper for SRP, which the SDK
// does not implement. It reads the pools from standard input; see README.md.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { CognitoIdentityProvider } from '@aws-sdk/client-cognito-identity-provider'
import {
  createSrpSession,
  signSrpSession,
  wrapAuthChallenge,
  wrapInitiateAuth,
} from 'cognito-srp-helper'
import { Person } from './person.mjs'

const settings = JSON.parse(readFileSync(0))
const { password } = settings

// A user pool and its app client, with the steps of a sign-in.
class Pool {
  constructor({ endpoint, region, userPoolId, clientId, control }) {
    this.id = userPoolId
    this.clientId = clientId
    this.cognito = new CognitoIdentityProvider({ region, endpoint })
    this.person = new Person(control)
  }

  async signIn(username, secret = password) {
    const session = createSrpSession(username, secret, this.id, false)
    const asked = await this.cognito.initiateAuth(
      wrapInitiateAuth(session, {
        ClientId: this.clientId,
        AuthFlow: 'USER_SRP_AUTH',
        AuthParameters: { CHALLENGE_NAME: 'SRP_A', USERNAME: username },
      }),
    )
    assert.equal(asked.ChallengeName, 'PASSWORD_VERIFIER')
    return this.cognito.respondToAuthChallenge(
      wrapAuthChallenge(signSrpSession(session, asked), {
        ClientId: this.clientId,
        ChallengeName: asked.ChallengeName,
        ChallengeResponses: { USERNAME: username },
      }),
    )
  }

  answer({ ChallengeName, ChallengeParameters, Session }, responses) {
    return this.cognito.respondToAuthChallenge({
      ClientId: this.clientId,
      ChallengeName,
      Session,
      ChallengeResponses: { USERNAME: ChallengeParameters.USER_ID_FOR_SRP, ...responses },
    })
  }
}

const refused = (call, name, message = /./) => assert.rejects(call, { name, message })

function signedIn(answer) {
  assert.ok(answer.AuthenticationResult, answer.ChallengeName)
  return answer.AuthenticationResult
}

function askedFor(name, answer) {
  assert.equal(answer.ChallengeName, name)
  return answer
}

async function optional() {
  const pool = new Pool(settings.optional)
  const { cognito, person, clientId: ClientId } = pool

  // Sign-up.
  await cognito.signUp({
    ClientId,
    Username: 'alice',
    Password: password,
    UserAttributes: [{ Name: 'email', Value: 'alice@example.com' }],
  })
  await refused(pool.signIn('alice'), 'UserNotConfirmedException')
  const confirmation = {
    ClientId,
    Username: 'alice',
    ConfirmationCode: await person.received('alice'),
  }
  await refused(
    cognito.confirmSignUp({ ...confirmation, ConfirmationCode: 'wrong' }),
    'CodeMismatchException',
  )
  await cognito.confirmSignUp(confirmation)

  // Sign-in. An unknown user looks like a wrong password.
  await refused(
    pool.signIn('alice', 'Wr0ng-password'),
    'NotAuthorizedException',
    'Incorrect username or password.',
  )
  await refused(pool.signIn('nobody'), 'NotAuthorizedException', 'Incorrect username or password.')
  const { AccessToken, RefreshToken } = signedIn(await pool.signIn('alice'))

  // Set up TOTP.
  const { SecretCode } = await cognito.associateSoftwareToken({ AccessToken })
  await refused(
    cognito.verifySoftwareToken({ AccessToken, UserCode: person.wrongCode(SecretCode) }),
    'EnableSoftwareTokenMFAException',
  )
  const used = person.code(SecretCode)
  const { Status } = await cognito.verifySoftwareToken({
    AccessToken,
    UserCode: used,
    FriendlyDeviceName: 'phone',
  })
  assert.equal(Status, 'SUCCESS')
  await cognito.setUserMFAPreference({
    AccessToken,
    SoftwareTokenMfaSettings: { Enabled: true, PreferredMfa: true },
  })
  assert.equal((await cognito.getUser({ AccessToken })).PreferredMfaSetting, 'SOFTWARE_TOKEN_MFA')
  await cognito.revokeToken({ ClientId, Token: RefreshToken })

  // Sign in with a code. After a wrong one the same sign-in continues. Codes are single use.
  let challenge = askedFor('SOFTWARE_TOKEN_MFA', await pool.signIn('alice'))
  assert.equal(challenge.ChallengeParameters.FRIENDLY_DEVICE_NAME, 'phone')
  const enter = code => pool.answer(challenge, { SOFTWARE_TOKEN_MFA_CODE: code })
  await refused(
    enter(used),
    'ExpiredCodeException',
    'Your software token has already been used once.',
  )
  await refused(enter(person.wrongCode(SecretCode)), 'CodeMismatchException')
  await person.waitForNextCode()
  const tokens = signedIn(await enter(person.code(SecretCode)))
  await refused(
    enter(person.code(SecretCode)),
    'NotAuthorizedException',
    'Invalid session for the user, session can only be used once.',
  )

  // Refresh, in both ways, and sign out everywhere.
  const refresh = { ClientId, RefreshToken: tokens.RefreshToken }
  const fresh = signedIn(await cognito.getTokensFromRefreshToken(refresh))
  const older = {
    ClientId,
    AuthFlow: 'REFRESH_TOKEN_AUTH',
    AuthParameters: { REFRESH_TOKEN: tokens.RefreshToken },
  }
  assert.notEqual(fresh.AccessToken, signedIn(await cognito.initiateAuth(older)).AccessToken)
  assert.equal((await cognito.getUser({ AccessToken: fresh.AccessToken })).Username, 'alice')
  await cognito.globalSignOut({ AccessToken: fresh.AccessToken })
  for (const { AccessToken } of [tokens, fresh]) {
    await refused(
      cognito.getUser({ AccessToken }),
      'NotAuthorizedException',
      'Access Token has been revoked',
    )
  }
  await refused(
    cognito.getTokensFromRefreshToken(refresh),
    'NotAuthorizedException',
    'Refresh Token has been revoked',
  )
  await refused(
    cognito.initiateAuth(older),
    'NotAuthorizedException',
    'Refresh Token has been revoked',
  )

  // A forgotten password.
  await cognito.forgotPassword({ ClientId, Username: 'alice' })
  await cognito.confirmForgotPassword({
    ClientId,
    Username: 'alice',
    ConfirmationCode: await person.received('alice'),
    Password: 'An0ther-password',
  })
  askedFor('SOFTWARE_TOKEN_MFA', await pool.signIn('alice', 'An0ther-password'))

  // A user created by an administrator must choose a password first.
  await cognito.adminCreateUser({
    UserPoolId: pool.id,
    Username: 'bob',
    TemporaryPassword: password,
    MessageAction: 'SUPPRESS',
  })
  challenge = askedFor('NEW_PASSWORD_REQUIRED', await pool.signIn('bob'))
  signedIn(await pool.answer(challenge, { NEW_PASSWORD: 'My-0wn-password' }))
  signedIn(await pool.signIn('bob', 'My-0wn-password'))

  // A user with two factors and no preference must choose one.
  challenge = askedFor('SELECT_MFA_TYPE', await pool.signIn('both'))
  assert.deepEqual(JSON.parse(challenge.ChallengeParameters.MFAS_CAN_CHOOSE), [
    'SMS_MFA',
    'SOFTWARE_TOKEN_MFA',
  ])
  challenge = askedFor('SMS_MFA', await pool.answer(challenge, { ANSWER: 'SMS_MFA' }))
  signedIn(await pool.answer(challenge, { SMS_MFA_CODE: await person.received('both') }))
  challenge = askedFor(
    'SOFTWARE_TOKEN_MFA',
    await pool.answer(await pool.signIn('both'), { ANSWER: 'SOFTWARE_TOKEN_MFA' }),
  )
  signedIn(await enter(person.code(settings.secret)))
}

// Where MFA is required, it is set up during the first sign-in. Every call takes the session from
// the last one.
async function required() {
  const pool = new Pool(settings.required)
  const { cognito, person } = pool
  let challenge = askedFor('MFA_SETUP', await pool.signIn('newcomer'))
  const { SecretCode, Session } = await cognito.associateSoftwareToken({
    Session: challenge.Session,
  })
  await refused(
    cognito.verifySoftwareToken({ Session, UserCode: person.wrongCode(SecretCode) }),
    'EnableSoftwareTokenMFAException',
  )
  const verified = await cognito.verifySoftwareToken({ Session, UserCode: person.code(SecretCode) })
  signedIn(await pool.answer({ ...challenge, Session: verified.Session }))
  await person.waitForNextCode()
  challenge = askedFor('SOFTWARE_TOKEN_MFA', await pool.signIn('newcomer'))
  signedIn(await pool.answer(challenge, { SOFTWARE_TOKEN_MFA_CODE: person.code(SecretCode) }))
}

await optional()
await required()
