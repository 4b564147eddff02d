// Amplify v6 with a user pool, in a browser: Amplify keeps its tokens in localStorage and calls
// another origin. It signs in by SRP by default.
import {
  autoSignIn,
  confirmResetPassword,
  confirmSignIn,
  confirmSignUp,
  fetchAuthSession,
  fetchDevices,
  fetchMFAPreference,
  fetchUserAttributes,
  forgetDevice,
  getCurrentUser,
  rememberDevice,
  resetPassword,
  setUpTOTP,
  signIn,
  signOut,
  signUp,
  updateMFAPreference,
  verifyTOTPSetup,
} from 'aws-amplify/auth'
import { Amplify } from 'aws-amplify'
import { Person } from './person.mjs'

function use({ endpoint, userPoolId, clientId }) {
  Amplify.configure({
    Auth: { Cognito: { userPoolEndpoint: endpoint, userPoolId, userPoolClientId: clientId } },
  })
}

function equal(got, want) {
  if (got !== want) throw new Error(`${got} instead of ${want}`)
}

// refused expects a call to fail with an error.
async function refused(call, name, message) {
  try {
    await call
  } catch (error) {
    equal(error.name, name)
    if (message) equal(error.message, message)
    return
  }
  throw new Error(`not refused with ${name}`)
}

// expect expects a call of a sign-in to lead to a step.
async function expect(step, call) {
  const { nextStep } = await call
  equal(nextStep.signInStep, step)
  return nextStep
}

const enter = challengeResponse => confirmSignIn({ challengeResponse })

async function optional({ optional: pool, password, secret }) {
  use(pool)
  const person = new Person(pool.control)

  // Sign-up.
  const alice = { username: 'alice', password }
  const { nextStep } = await signUp({
    ...alice,
    options: { userAttributes: { email: 'alice@example.com' } },
  })
  equal(nextStep.signUpStep, 'CONFIRM_SIGN_UP')
  equal(nextStep.codeDeliveryDetails.deliveryMedium, 'EMAIL')
  await expect('CONFIRM_SIGN_UP', signIn(alice))
  await refused(
    confirmSignUp({ username: 'alice', confirmationCode: 'wrong' }),
    'CodeMismatchException',
  )
  await confirmSignUp({ username: 'alice', confirmationCode: await person.received('alice') })

  // Sign-in. An unknown user looks like a wrong password.
  await refused(
    signIn({ ...alice, password: 'Wr0ng-password' }),
    'NotAuthorizedException',
    'Incorrect username or password.',
  )
  await refused(
    signIn({ ...alice, username: 'nobody' }),
    'NotAuthorizedException',
    'Incorrect username or password.',
  )
  await expect('DONE', signIn(alice))
  equal((await getCurrentUser()).username, 'alice')

  // Set up TOTP.
  const { sharedSecret } = await setUpTOTP()
  await refused(
    verifyTOTPSetup({ code: person.wrongCode(sharedSecret) }),
    'EnableSoftwareTokenMFAException',
  )
  const used = person.code(sharedSecret)
  await verifyTOTPSetup({ code: used, options: { friendlyDeviceName: 'phone' } })
  await updateMFAPreference({ totp: 'PREFERRED' })
  equal((await fetchMFAPreference()).preferred, 'TOTP')
  await signOut()

  // Sign in with a code. After a wrong one the same sign-in continues. Codes are single use.
  await expect('CONFIRM_SIGN_IN_WITH_TOTP_CODE', signIn(alice))
  await refused(
    enter(used),
    'ExpiredCodeException',
    'Your software token has already been used once.',
  )
  await refused(enter(person.wrongCode(sharedSecret)), 'CodeMismatchException')
  await person.waitForNextCode()
  await expect('DONE', enter(person.code(sharedSecret)))

  // Refresh, and sign out everywhere. The stored tokens no longer work.
  const { tokens } = await fetchAuthSession()
  const refreshed = await fetchAuthSession({ forceRefresh: true })
  if (refreshed.tokens.accessToken.toString() === tokens.accessToken.toString())
    throw new Error('the access token is the same')
  equal((await fetchUserAttributes()).email, 'alice@example.com')
  const kept = { ...localStorage }
  await signOut({ global: true })
  equal((await fetchAuthSession()).tokens, undefined)
  Object.assign(localStorage, kept)
  await refused(fetchUserAttributes(), 'NotAuthorizedException', 'Access Token has been revoked')
  await fetchAuthSession({ forceRefresh: true })
  equal((await fetchAuthSession()).tokens, undefined)

  // A forgotten password.
  equal(
    (await resetPassword({ username: 'alice' })).nextStep.resetPasswordStep,
    'CONFIRM_RESET_PASSWORD_WITH_CODE',
  )
  const reset = {
    username: 'alice',
    confirmationCode: await person.received('alice'),
    newPassword: 'An0ther-password',
  }
  await confirmResetPassword(reset)
  await expect('CONFIRM_SIGN_IN_WITH_TOTP_CODE', signIn({ ...alice, password: 'An0ther-password' }))

  // A user created by an administrator must choose a password first.
  await expect(
    'CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED',
    signIn({ username: 'invited', password }),
  )
  await expect('DONE', enter('My-0wn-password'))
  await signOut()
  await expect('DONE', signIn({ username: 'invited', password: 'My-0wn-password' }))
  await signOut()

  // A user with two factors and no preference must choose one.
  const both = { username: 'both', password }
  const { allowedMFATypes } = await expect('CONTINUE_SIGN_IN_WITH_MFA_SELECTION', signIn(both))
  equal(allowedMFATypes.join(), 'SMS,TOTP')
  await expect('CONFIRM_SIGN_IN_WITH_SMS_CODE', enter('SMS'))
  await expect('DONE', enter(await person.received('both')))
  await signOut()
  await expect('CONTINUE_SIGN_IN_WITH_MFA_SELECTION', signIn(both))
  await expect('CONFIRM_SIGN_IN_WITH_TOTP_CODE', enter('TOTP'))
  await expect('DONE', enter(person.code(secret)))
  await signOut()
}

// Choice-based sign-in: with a code by email, with the password, and right after a sign-up without
// a password.
async function choice({ optional: pool, password }) {
  use(pool)
  const person = new Person(pool.control)
  const options = { authFlowType: 'USER_AUTH' }
  const reader = { username: 'reader', options }
  const { availableChallenges } = await expect(
    'CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION',
    signIn(reader),
  )
  equal([...availableChallenges].sort().join(), 'EMAIL_OTP,PASSWORD,PASSWORD_SRP')
  await expect('CONFIRM_SIGN_IN_WITH_EMAIL_CODE', enter('EMAIL_OTP'))
  const code = await person.received('reader')
  await refused(
    enter(code.replace(/.$/, digit => (digit === '0' ? '1' : '0'))),
    'CodeMismatchException',
  )
  await expect('DONE', enter(code))
  await signOut()

  await expect('CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION', signIn(reader))
  await expect('CONFIRM_SIGN_IN_WITH_PASSWORD', enter('PASSWORD_SRP'))
  await expect('DONE', enter(password))
  await signOut()
  await expect(
    'DONE',
    signIn({ ...reader, password, options: { ...options, preferredChallenge: 'PASSWORD_SRP' } }),
  )
  await signOut()

  await signUp({
    username: 'writer',
    options: { userAttributes: { email: 'writer@example.com' }, autoSignIn: options },
  })
  const { nextStep } = await confirmSignUp({
    username: 'writer',
    confirmationCode: await person.received('writer'),
  })
  equal(nextStep.signUpStep, 'COMPLETE_AUTO_SIGN_IN')
  await expect('DONE', autoSignIn())
  equal((await fetchUserAttributes()).email_verified, 'true')
  await signOut()
}

// Where MFA is required, it is set up during the first sign-in.
async function required({ required: pool, password }) {
  use(pool)
  const person = new Person(pool.control)
  const newcomer = { username: 'newcomer', password }
  const { totpSetupDetails } = await expect('CONTINUE_SIGN_IN_WITH_TOTP_SETUP', signIn(newcomer))
  const { sharedSecret } = totpSetupDetails
  equal(totpSetupDetails.getSetupUri('Example').searchParams.get('secret'), sharedSecret)
  await refused(enter(person.wrongCode(sharedSecret)), 'EnableSoftwareTokenMFAException')
  await expect('DONE', enter(person.code(sharedSecret)))
  await signOut()
  await person.waitForNextCode()
  await expect('CONFIRM_SIGN_IN_WITH_TOTP_CODE', signIn(newcomer))
  await expect('DONE', enter(person.code(sharedSecret)))
}

// Where devices are remembered, a known device replaces the code.
async function devices({ devices: pool, password, secret }) {
  use(pool)
  const person = new Person(pool.control)
  const owner = { username: 'owner', password }
  await expect('CONFIRM_SIGN_IN_WITH_TOTP_CODE', signIn(owner))
  await expect('DONE', enter(person.code(secret)))
  await rememberDevice()
  equal((await fetchDevices()).length, 1)
  await signOut()
  await expect('DONE', signIn(owner))
  await forgetDevice()
  await signOut()
  await expect('CONFIRM_SIGN_IN_WITH_TOTP_CODE', signIn(owner))
}

export async function run(settings) {
  await optional(settings)
  await choice(settings)
  await required(settings)
  await signOut()
  await devices(settings)
}
