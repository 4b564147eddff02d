// amazon-cognito-identity-js with a user pool. It signs in by SRP by default. It reads the pools
// from standard input; see README.md.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import {
  AuthenticationDetails,
  CognitoUser,
  CognitoUserAttribute,
  CognitoUserPool,
} from 'amazon-cognito-identity-js'
import { Person } from './person.mjs'

const settings = JSON.parse(readFileSync(0))
const { password } = settings

// called makes a promise from a call whose callback takes an error and a result.
const called = call =>
  new Promise((resolve, reject) =>
    call((error, result) => (error ? reject(error) : resolve(result))),
  )

// step makes a promise from a call that has a callback for each next step.
const step = call =>
  new Promise((resolve, reject) => {
    const ask = (name, parameters) => resolve({ name, parameters })
    call({
      onSuccess: session => resolve({ name: 'signed in', session }),
      onFailure: reject,
      newPasswordRequired: (attributes, required) =>
        ask('NEW_PASSWORD_REQUIRED', { attributes, required }),
      mfaRequired: ask,
      totpRequired: ask,
      selectMFAType: ask,
      mfaSetup: ask,
      associateSecretCode: resolve,
      inputVerificationCode: resolve,
    })
  })

const open = ({ endpoint, userPoolId, clientId }) =>
  new CognitoUserPool({ UserPoolId: userPoolId, ClientId: clientId, endpoint })

const refused = (call, name, message = /./) => assert.rejects(call, { name, message })

// signIn begins a sign-in. It returns the next step, named after its challenge, and the user object
// for the next call.
async function signIn(pool, username, secret = password) {
  const user = new CognitoUser({ Username: username, Pool: pool })
  const details = new AuthenticationDetails({ Username: username, Password: secret })
  return { user, ...(await step(callbacks => user.authenticateUser(details, callbacks))) }
}

function expect(name, answer) {
  assert.equal(answer.name, name)
  return answer
}

async function optional() {
  const pool = open(settings.optional)
  const person = new Person(settings.optional.control)

  // Sign-up.
  const email = new CognitoUserAttribute({ Name: 'email', Value: 'alice@example.com' })
  const { user: alice, userConfirmed } = await called(callback =>
    pool.signUp('alice', password, [email], null, callback),
  )
  assert.equal(userConfirmed, false)
  await refused(signIn(pool, 'alice'), 'UserNotConfirmedException')
  await refused(
    called(callback => alice.confirmRegistration('wrong', false, callback)),
    'CodeMismatchException',
  )
  const confirmation = await person.received('alice')
  assert.equal(
    await called(callback => alice.confirmRegistration(confirmation, false, callback)),
    'SUCCESS',
  )

  // Sign-in. An unknown user looks like a wrong password.
  await refused(
    signIn(pool, 'alice', 'Wr0ng-password'),
    'NotAuthorizedException',
    'Incorrect username or password.',
  )
  await refused(signIn(pool, 'nobody'), 'NotAuthorizedException', 'Incorrect username or password.')
  let { user } = expect('signed in', await signIn(pool, 'alice'))

  // Set up TOTP.
  const secret = await step(callbacks => user.associateSoftwareToken(callbacks))
  const verify = code => step(callbacks => user.verifySoftwareToken(code, 'phone', callbacks))
  await refused(verify(person.wrongCode(secret)), 'EnableSoftwareTokenMFAException')
  const used = person.code(secret)
  assert.equal((await verify(used)).session.Status, 'SUCCESS')
  assert.equal(
    await called(callback =>
      user.setUserMfaPreference(null, { Enabled: true, PreferredMfa: true }, callback),
    ),
    'SUCCESS',
  )
  const { PreferredMfaSetting } = await called(callback =>
    user.getUserData(callback, { bypassCache: true }),
  )
  assert.equal(PreferredMfaSetting, 'SOFTWARE_TOKEN_MFA')
  await called(callback => user.signOut(callback))

  // Sign in with a code. After a wrong one the same sign-in continues. Codes are single use.
  const challenge = expect('SOFTWARE_TOKEN_MFA', await signIn(pool, 'alice'))
  assert.equal(challenge.parameters.FRIENDLY_DEVICE_NAME, 'phone')
  user = challenge.user
  const enter = code => step(callbacks => user.sendMFACode(code, callbacks, 'SOFTWARE_TOKEN_MFA'))
  await refused(
    enter(used),
    'ExpiredCodeException',
    'Your software token has already been used once.',
  )
  await refused(enter(person.wrongCode(secret)), 'CodeMismatchException')
  await person.waitForNextCode()
  const { session } = expect('signed in', await enter(person.code(secret)))

  // Refresh, and sign out everywhere, which also affects the other of two devices.
  const refresh = () => called(callback => user.refreshSession(session.getRefreshToken(), callback))
  const fresh = await refresh()
  assert.notEqual(fresh.getAccessToken().getJwtToken(), session.getAccessToken().getJwtToken())
  assert.equal(fresh.getIdToken().payload.email, 'alice@example.com')
  const elsewhere = new CognitoUser({ Username: 'alice', Pool: pool })
  elsewhere.setSignInUserSession(fresh)
  assert.equal((await step(callbacks => elsewhere.globalSignOut(callbacks))).session, 'SUCCESS')
  await refused(
    called(callback => user.getUserAttributes(callback)),
    'NotAuthorizedException',
    'Access Token has been revoked',
  )
  // This takes seconds: the client tries again and again.
  await refused(refresh(), 'NotAuthorizedException', 'Refresh Token has been revoked')

  // A forgotten password.
  await step(callbacks => alice.forgotPassword(callbacks))
  const forgotten = await person.received('alice')
  await step(callbacks => alice.confirmPassword(forgotten, 'An0ther-password', callbacks))
  expect('SOFTWARE_TOKEN_MFA', await signIn(pool, 'alice', 'An0ther-password'))

  // A user created by an administrator must choose a password first.
  const invited = expect('NEW_PASSWORD_REQUIRED', await signIn(pool, 'invited'))
  assert.equal(invited.parameters.attributes.email, 'invited@example.com')
  expect(
    'signed in',
    await step(callbacks =>
      invited.user.completeNewPasswordChallenge('My-0wn-password', {}, callbacks),
    ),
  )
  expect('signed in', await signIn(pool, 'invited', 'My-0wn-password'))

  // A user with two factors and no preference must choose one.
  for (const [factor, code] of [
    ['SMS_MFA', () => person.received('both')],
    ['SOFTWARE_TOKEN_MFA', () => person.code(settings.secret)],
  ]) {
    const { user, parameters } = expect('SELECT_MFA_TYPE', await signIn(pool, 'both'))
    assert.deepEqual(JSON.parse(parameters.MFAS_CAN_CHOOSE), ['SMS_MFA', 'SOFTWARE_TOKEN_MFA'])
    expect(factor, await step(callbacks => user.sendMFASelectionAnswer(factor, callbacks)))
    const entered = await code()
    expect('signed in', await step(callbacks => user.sendMFACode(entered, callbacks, factor)))
  }
}

// Where MFA is required, it is set up during the first sign-in.
async function required() {
  const pool = open(settings.required)
  const person = new Person(settings.required.control)
  const { user } = expect('MFA_SETUP', await signIn(pool, 'newcomer'))
  const secret = await step(callbacks => user.associateSoftwareToken(callbacks))
  const verify = code => step(callbacks => user.verifySoftwareToken(code, 'phone', callbacks))
  await refused(verify(person.wrongCode(secret)), 'EnableSoftwareTokenMFAException')
  expect('signed in', await verify(person.code(secret)))
  await person.waitForNextCode()
  const again = expect('SOFTWARE_TOKEN_MFA', await signIn(pool, 'newcomer'))
  expect(
    'signed in',
    await step(callbacks =>
      again.user.sendMFACode(person.code(secret), callbacks, 'SOFTWARE_TOKEN_MFA'),
    ),
  )
}

// Where devices are remembered, a known device replaces the code.
async function devices() {
  const pool = open(settings.devices)
  const person = new Person(settings.devices.control)
  let { user } = expect('SOFTWARE_TOKEN_MFA', await signIn(pool, 'owner'))
  expect(
    'signed in',
    await step(callbacks =>
      user.sendMFACode(person.code(settings.secret), callbacks, 'SOFTWARE_TOKEN_MFA'),
    ),
  )
  assert.equal(
    (await step(callbacks => user.setDeviceStatusRemembered(callbacks))).session,
    'SUCCESS',
  )
  const { session: list } = await step(callbacks => user.listDevices(10, null, callbacks))
  assert.deepEqual(
    list.Devices.map(({ DeviceKey }) => DeviceKey),
    [user.deviceKey],
  )
  await called(callback => user.signOut(callback))

  user = expect('signed in', await signIn(pool, 'owner')).user
  assert.equal((await step(callbacks => user.forgetDevice(callbacks))).session, 'SUCCESS')
  await called(callback => user.signOut(callback))
  expect('SOFTWARE_TOKEN_MFA', await signIn(pool, 'owner'))
}

await optional()
await required()
await devices()
