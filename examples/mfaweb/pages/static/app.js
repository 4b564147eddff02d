// The script of the demo's pages. Each page sends what the user types to the interface, keeps the
// result for the next page, and shows errors.
//
// State is in the tab's sessionStorage: the tokens, a challenge, and the key of an authenticator
// until it is in use. Other tabs and sites cannot read it, and it is gone when the user closes the
// tab or signs out. Nothing of it is in an address. The content security policy keeps out foreign
// scripts, which could read it. That is good enough for a demo. In production, keep the tokens,
// above all the refresh token, on the server.

const $ = (id) => document.getElementById(id)
const { page, root } = document.body.dataset
const language = document.documentElement.lang

// text returns a text of the page, in the user's language.
const text = (name) => $(`say-${name}`)?.content.textContent

const kept = () => JSON.parse(sessionStorage.getItem('sign-in') ?? '{}')
const keep = (state) => sessionStorage.setItem('sign-in', JSON.stringify(state))

// Failure is an error to show. next is the next step, as in the interface.
class Failure extends Error {
  constructor({ code, message, next }) {
    super(message)
    this.code = code
    this.next = next
  }
}

// request returns the response of the interface.
async function request(path, { headers, ...options } = {}) {
  let response, answer
  try {
    response = await fetch(root + path, {
      cache: 'no-store',
      signal: AbortSignal.timeout(30_000),
      headers: { 'Accept-Language': language, ...headers },
      ...options,
    })
    answer = await response.json()
  } catch {
    // A response without JSON is not from the interface.
  }
  if (response?.ok && answer) return answer
  throw new Failure(answer?.error ?? { message: text('offline'), next: 'back-off' })
}

const post = (path, body, options) => request(path, {
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(body),
  ...options,
})

// The page of each challenge.
const pageOf = {
  SOFTWARE_TOKEN_MFA: 'code', SMS_MFA: 'code', EMAIL_OTP: 'code',
  MFA_SETUP: 'setup', SELECT_MFA_TYPE: 'method', NEW_PASSWORD_REQUIRED: 'password',
}

// list reads a list in a challenge parameter, which is JSON in a string.
const list = (parameter) => parameter && JSON.parse(parameter)

// proceed goes to the page after a step of a sign-in. If the user is signed in, it also keeps more.
function proceed(answer, more) {
  const { login, then, refresh, device } = kept()
  if (answer.AuthenticationResult) {
    const tokens = answer.AuthenticationResult
    keep({ login, device, access: tokens.AccessToken, refresh: tokens.RefreshToken, ...more })
    // After a step-up there are two sign-ins. End the old one.
    const old = then && refresh
    if (old) post('signout', { refreshToken: old }, { keepalive: true }).catch(() => {})
    location.replace(then ?? 'account')
    return
  }
  const { ChallengeName: name, Session: session, ChallengeParameters: parameters } = answer
  const next = pageOf[name]
  const canSetUp = list(parameters.MFAS_CAN_SETUP) ?? ['SOFTWARE_TOKEN_MFA']
  if (!next || next === 'setup' && !canSetUp.includes('SOFTWARE_TOKEN_MFA')) {
    const message = text(`unsupported-${name}`) ?? `${text('unsupported')} ${name}`
    throw new Failure({ code: 'unsupported', message, next: 'give-up' })
  }
  const challenge = {
    name,
    session,
    username: parameters.USER_ID_FOR_SRP,
    destination: parameters.CODE_DELIVERY_DESTINATION,
    methods: list(parameters.MFAS_CAN_CHOOSE),
    required: list(parameters.requiredAttributes),
  }
  keep({ ...kept(), device: parameters.FRIENDLY_DEVICE_NAME, enrollment: undefined, challenge })
  if (next === page) location.reload()
  else location.assign(next)
}

// who returns the request fields of a challenge.
const who = ({ session, username }) => ({ authParamSession: session, authParamUserId: username })

// startOver forgets the sign-in and goes to the first page.
function startOver(notice) {
  keep({ notice })
  location.replace('./')
}

// entitle changes the headline of the page.
function entitle(name) {
  document.title = document.title.replace(document.querySelector('h1').textContent, text(name))
  document.querySelector('h1').textContent = text(name)
}

// paragraph returns a p element with the given contents.
function paragraph(...contents) {
  const p = document.createElement('p')
  p.append(...contents)
  return p
}

// endsPage reports whether nothing is left to do on the page after a failure.
function endsPage({ code, next }) {
  if (page === 'signin') return false
  if (next === 'start-over') return true
  return next === 'give-up' && page !== 'account' && code !== 'bad-field'
}

// end replaces the controls of the page with the failure and a link to the next page. If a fresh
// sign-in is required, it goes there at once.
function end({ code, next, message }) {
  if (code === 'fresh-sign-in-required') {
    keep({ ...kept(), then: page })
    return location.replace('./')
  }
  let [title, words, address, leave] = ['title-failed', 'back', './', () => keep({})]
  if (code === 'not-enrolled') {
    [words, address] = ['new-key', 'setup']
    leave = () => keep({ ...kept(), enrollment: undefined })
  } else if (next === 'start-over') {
    [title, words] = ['title-ended', 'sign-in-again']
  } else if (next === 'back-off') {
    [words, address, leave] = ['try-again', location.pathname, () => {}]
  } else if (kept().access) {
    [address, leave] = ['account', () => {}]
  }
  const link = document.createElement('a')
  link.className = 'button'
  link.href = address
  link.textContent = text(words)
  link.addEventListener('click', leave)
  entitle(title)
  $('notice').textContent = ''
  $('work').hidden = true
  $('over').replaceChildren(paragraph(message))
  $('over').after(link)
  link.focus()
}

// report shows a failure, in place of the page or in the error box of the form.
function report(failure, box, input) {
  if (!(failure instanceof Failure)) throw failure
  if (endsPage(failure)) return end(failure)
  box.replaceChildren(paragraph(failure.message))
  if (!input) return
  input.ariaInvalid = 'true'
  input.focus()
  input.select()
}

// onSubmit makes a form run an action, one at a time, and show that it runs. A successful action
// leaves the page, so the button stays busy.
function onSubmit(form, action, input) {
  const box = form.querySelector('.error')
  const buttons = form.querySelectorAll('button:not([type])')
  buttons.forEach((button) => { button.disabled = false })
  let busy = false
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    if (busy) return
    busy = true
    const button = event.submitter ?? buttons[0]
    const label = button.textContent
    button.ariaDisabled = 'true' // not disabled, which would lose the focus
    button.textContent = button.dataset.busy
    $('notice').textContent = ''
    box.replaceChildren()
    form.querySelectorAll('input').forEach((field) => field.removeAttribute('aria-invalid'))
    hidePassword()
    try {
      await action(form.elements, button)
    } catch (failure) {
      busy = false
      button.ariaDisabled = 'false'
      button.textContent = label
      report(failure, box, input)
    }
  })
}

// offerToShow adds the button that shows the password.
function offerToShow() {
  const button = $('show')
  button.hidden = false
  button.addEventListener('click', () => {
    const shown = $('password').type === 'text'
    $('password').type = shown ? 'password' : 'text'
    button.ariaPressed = String(!shown)
  })
}

// hidePassword hides the password before it is sent: password managers only save hidden ones.
function hidePassword() {
  if (!$('show')) return
  $('password').type = 'password'
  $('show').ariaPressed = 'false'
}

// sixDigits fails unless the input can be a code. It ignores spaces and hyphens, and accepts digits
// of every script.
function sixDigits(typed) {
  if (/^\p{Nd}{6}$/u.test(typed.replace(/[\s\p{Pd}ー]/gu, ''))) return
  throw new Failure({ code: 'wrong-code', message: text('six-digits'), next: 'same-challenge' })
}

function signInPage() {
  const { then, login, access } = kept()
  offerToShow()
  onSubmit(document.querySelector('form'), async ({ username, password }) => {
    const login = username.value.trim()
    const answer = await post('signin', { userId: login, userPassword: password.value })
    keep({ ...(then && kept()), login, device: undefined })
    proceed(answer)
  }, $('password'))
  if (then && access) {
    $('confirm').hidden = $('cancel').hidden = false
    $('cancel').addEventListener('click', () => keep({ ...kept(), then: undefined }))
    $('username').value = login ?? ''
  }
  ($('username').value ? $('password') : $('username')).focus()
}

function passwordPage() {
  const { challenge } = kept()
  if (!challenge?.required && challenge?.name !== 'NEW_PASSWORD_REQUIRED') return startOver()
  $('username').value = challenge.username
  const fields = (challenge.required ?? []).map(askFor)
  offerToShow()
  onSubmit(document.querySelector('form'), async ({ password }) => {
    const attributes = fields.map(({ name, type, value }) => (
      [name, type === 'tel' ? value.replace(/[^+\d]/g, '') : value.trim()]))
    proceed(await post('newpassword', {
      newPassword: password.value, ...who(challenge), ...Object.fromEntries(attributes),
    }))
  }, $('password'))
  $('password').focus()
}

// kinds has the input type and autocomplete of each attribute.
const kinds = {
  name: ['text', 'name'],
  given_name: ['text', 'given-name'],
  middle_name: ['text', 'additional-name'],
  family_name: ['text', 'family-name'],
  nickname: ['text', 'nickname'],
  email: ['email', 'email'],
  phone_number: ['tel', 'tel'],
  birthdate: ['date', 'bday'],
  address: ['text', 'street-address'],
  website: ['url', 'url'],
  profile: ['url', 'off'],
  picture: ['url', 'off'],
}

// askFor adds an input for a required attribute and returns it.
function askFor(name) {
  const attribute = name.replace('userAttributes.', '')
  const label = document.createElement('label')
  const input = document.createElement('input')
  const [type, autocomplete] = kinds[attribute] ?? ['text', 'off']
  label.textContent = text(`attribute-${attribute}`) ?? attribute.replace('custom:', '')
  Object.assign(input, { name, type, autocomplete, required: true, id: `attribute-${attribute}` })
  input.setAttribute('aria-describedby', 'error')
  label.htmlFor = input.id
  $('attributes').append(label, input)
  $('attributes').hidden = false
  return input
}

function methodPage() {
  const { challenge } = kept()
  if (!challenge?.methods) return startOver()
  const form = document.querySelector('form')
  for (const button of form.querySelectorAll('button')) {
    button.hidden = !challenge.methods.includes(button.value)
  }
  onSubmit(form, async (_, { value }) => {
    proceed(await post('selectmfa', { mfaType: value, ...who(challenge) }))
  })
  form.querySelector('button:not([hidden])')?.focus()
}

function codePage() {
  const { challenge, device } = kept()
  if (pageOf[challenge?.name] !== 'code') return startOver()
  for (const part of document.querySelectorAll('[data-method]')) {
    part.hidden = !part.dataset.method.split(' ').includes(challenge.name)
  }
  for (const place of document.querySelectorAll('.destination')) {
    place.textContent = challenge.destination ?? ''
  }
  $('device').hidden = !device
  $('device-name').textContent = device ?? ''
  const totp = challenge.name === 'SOFTWARE_TOKEN_MFA'
  onSubmit(document.querySelector('form'), async ({ code }) => {
    if (totp) sixDigits(code.value)
    const answer = await post('mfasignin', {
      mfaCode: code.value, ...who(challenge), ChallengeName: challenge.name,
    })
    proceed(answer, { mfa: totp })
  }, $('code'))
  $('code').focus()
}

async function setupPage() {
  const state = kept()
  const signingIn = state.challenge?.name === 'MFA_SETUP'
  if (!signingIn && !state.access) return startOver()
  if (!signingIn) $('cancel').href = 'account'
  if (!signingIn && state.mfa) {
    $('replacing').hidden = false
    entitle('title-replace')
  }
  const notice = !signingIn && state.mfa ? 'mfa-replaced' : 'mfa-on'
  // whose returns the request fields that identify the user to /mfa or /verify.
  const whose = () => signingIn ? who(state.challenge) : { accessToken: state.access }

  // finish offers to turn MFA on, if only that failed after the code was accepted.
  const finish = (failure) => {
    document.querySelector('.columns').hidden = $('replacing').hidden = true
    $('finish').hidden = false
    entitle('title-almost')
    $('finish-error').replaceChildren(paragraph(failure.message))
    $('finish').querySelector('button').focus()
  }
  onSubmit($('finish'), async () => {
    await post('enable', { accessToken: kept().access })
    keep({ ...kept(), enrollment: undefined, mfa: true, notice })
    location.replace('account')
  })
  onSubmit(document.querySelector('.columns form'), async ({ code, device }) => {
    sixDigits(code.value)
    const deviceName = device.value.trim()
    try {
      const answer = await post('verify', {
        mfaCode: code.value, deviceName, ...whose(),
      })
      keep({ ...kept(), device: deviceName || undefined, enrollment: undefined })
      if (!answer.warning) {
        if (signingIn) return proceed(answer, { mfa: true, notice })
        keep({ ...kept(), mfa: true, notice })
        location.replace('account')
        return
      }
      const { AccessToken: access, RefreshToken: refresh } = answer.AuthenticationResult
      keep({ ...kept(), challenge: undefined, access, refresh })
      throw new Failure(answer.warning)
    } catch (failure) {
      if (failure.code !== 'mfa-not-enabled') throw failure
      finish(failure)
    }
  }, $('code'))
  $('renew').hidden = false
  $('renew').addEventListener('click', () => {
    keep({ ...kept(), enrollment: undefined })
    location.reload()
  })

  // Keep the key on reload, because it may be in the app already.
  if (!state.enrollment) {
    try {
      const { qrcode, secret, uri, Session: session } = await post('mfa', whose())
      state.enrollment = { qrcode, secret, uri }
      if (signingIn) state.challenge.session = session
      keep(state)
    } catch (failure) {
      if (!(failure instanceof Failure)) throw failure
      return end(failure)
    }
  }
  showKey(state.enrollment)
}

// showKey shows a key as QR code, link and text.
function showKey({ qrcode, secret, uri }) {
  $('qr').src = `data:image/svg+xml;base64,${qrcode}`
  $('qr').hidden = false
  $('qr-frame').ariaBusy = 'false'
  fitModules(/viewBox="0 0 (\d+) /.exec(atob(qrcode))?.[1])
  $('open').href = uri
  $('key').textContent = secret.replace(/.{4}(?!$)/g, '$& ')
  const [issuer, account] = decodeURIComponent(new URL(uri).pathname.split('/').at(-1)).split(':')
  $('issuer').textContent = issuer
  $('account-name').textContent = account
  $('copy').hidden = false
  $('copy').addEventListener('click', async () => {
    $('copied').textContent = ''
    try {
      await navigator.clipboard.writeText(secret)
      $('copied').textContent = text('copied')
    } catch {
      // Over plain HTTP from another computer there is no clipboard.
      getSelection().selectAllChildren($('key'))
      $('copied').textContent = text('selected')
    }
  })
  const byTouch = matchMedia('(pointer: coarse)')
  byTouch.addEventListener('change', () => arrange(byTouch.matches))
  arrange(byTouch.matches)
}

// fitModules sizes the QR code so that each module is a whole number of pixels.
function fitModules(modules) {
  if (!modules) return
  const pixels = Math.max(1, Math.floor(256 * devicePixelRatio / modules))
  $('qr').style.width = $('qr').style.height = `${pixels * modules / devicePixelRatio}px`
}

// arrange puts the QR code first on a computer, and the link and the key first on a phone.
function arrange(onPhone) {
  $('on-phone').hidden = !onPhone
  $('scan').hidden = onPhone
  $('qr-fold').open = !onPhone
  $('qr-fold').querySelector('summary').hidden = !onPhone
  if (onPhone) $('by-hand').after($('qr-fold'))
  else $('by-hand').before($('qr-fold'))
}

async function accountPage() {
  const { access, refresh } = kept()
  if (!access) return startOver()
  keep({ ...kept(), then: undefined })
  onSubmit($('sign-out'), async () => {
    try {
      await post('signout', { refreshToken: refresh })
    } catch {
      return startOver('signed-out-here')
    }
    startOver('signed-out')
  })
  onSubmit($('switch-off').querySelector('form'), async () => {
    await post('disable', { accessToken: access })
    keep({ ...kept(), mfa: false, device: undefined, notice: 'mfa-off' })
    location.reload()
  })
  try {
    showIdentity(await request('whoami', { headers: { Authorization: `Bearer ${access}` } }))
  } catch (failure) {
    if (!(failure instanceof Failure)) throw failure
    end(failure)
  }
  $('account').ariaBusy = 'false'
}

function showIdentity({ Username, Groups, AuthTime, ExpiresAt, MFA }) {
  const dates = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' })
  const { device } = kept()
  keep({ ...kept(), mfa: MFA })
  $('username').textContent = Username
  $('device-row').hidden = !(MFA && device)
  $('device-name').textContent = device ?? ''
  $('groups-row').hidden = !Groups
  $('groups').textContent = Groups?.join(', ') ?? ''
  for (const [id, date] of [['auth-time', AuthTime], ['expires-at', ExpiresAt]]) {
    $(id).dateTime = date
    $(id).textContent = dates.format(new Date(date))
  }
  $('mfa-on').hidden = $('replace').hidden = $('switch-off').hidden = !MFA
  $('mfa-off').hidden = $('set-up').hidden = MFA
  document.querySelector('dl').hidden = false
}

// A page from the back/forward cache may be of a sign-in that has ended.
addEventListener('pageshow', (event) => { if (event.persisted) location.reload() })

const { notice, ...state } = kept()
if (notice) {
  keep(state)
  $('notice').textContent = text(notice)
}
$('loading').remove()

const pages = {
  signin: signInPage, password: passwordPage, method: methodPage, code: codePage, setup: setupPage,
  account: accountPage,
}
await pages[page]?.()
