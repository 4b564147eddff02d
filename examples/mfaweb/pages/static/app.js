// The demo's pages. Each sends what a person types to the interface, keeps what comes back for the next page, and says what went wrong.
//
// What is kept lies in the tab's sessionStorage: the three pages of one sign-in share it, other tabs and sites do not, and it is gone when the tab is
// closed or the user signs out. It never gets into an address. Scripts of other origins, which could read it, are kept out by the pages' policy.

const $ = (id) => document.getElementById(id)

// text returns one of the sentences that the page brings along in the user's language.
const text = (name) => $(`say-${name}`)?.content.textContent

const kept = () => JSON.parse(sessionStorage.getItem('sign-in') ?? '{}')
const keep = (state) => sessionStorage.setItem('sign-in', JSON.stringify(state))

// Failure is an error that the user is told about. next is what can be done, as the interface says it.
class Failure extends Error {
  constructor({ code, message, next }) {
    super(message)
    this.code = code
    this.next = next
  }
}

// request returns what the interface answers.
async function request(path, options) {
  let response, answer
  try {
    response = await fetch(path, { cache: 'no-store', signal: AbortSignal.timeout(30_000), ...options })
    answer = await response.json()
  } catch {
    // What is no JSON comes from something in between, or from the check of the access token.
    throw response?.status === 401
      ? new Failure({ message: text('session-over'), next: 'start-over' })
      : new Failure({ message: text('offline'), next: 'back-off' })
  }
  if (!response.ok) throw new Failure(answer.error)
  return answer
}

const post = (path, body) =>
  request(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })

// proceed goes where an answer to a step of signing in leads.
function proceed({ AuthenticationResult: tokens, ChallengeName: name, Session: session, ChallengeParameters: parameters }, notice) {
  if (tokens) {
    keep({ access: tokens.AccessToken, refresh: tokens.RefreshToken, notice })
    location.replace('/account')
    return
  }
  const challenge = { name, session, username: parameters.USER_ID_FOR_SRP, destination: parameters.CODE_DELIVERY_DESTINATION }
  if (['SOFTWARE_TOKEN_MFA', 'SMS_MFA', 'EMAIL_OTP'].includes(name)) {
    keep({ challenge })
    location.assign('/code')
  } else if (name === 'MFA_SETUP' && (parameters.MFAS_CAN_SETUP ?? 'SOFTWARE_TOKEN_MFA').includes('SOFTWARE_TOKEN_MFA')) {
    keep({ challenge })
    location.assign('/setup')
  } else {
    const message = text(`unsupported-${name}`) ?? `${text('unsupported')} ${name}`
    throw new Failure({ code: 'unsupported', message, next: 'give-up' })
  }
}

// startOver forgets the sign-in and goes back to its beginning.
function startOver(notice) {
  keep({ notice })
  location.replace('/')
}

// paragraph returns a p element with the given contents.
function paragraph(...contents) {
  const p = document.createElement('p')
  p.append(...contents)
  return p
}

// wayOut returns what a link after an error says and where it leads, or nothing if the user had better stay and correct something.
function wayOut({ code, next }, canCorrect) {
  if (document.body.dataset.page === 'signin') return []
  if (code === 'not-enrolled') return ['new-key', '/setup']
  if (next === 'start-over') return ['sign-in-again', '/']
  if (canCorrect) return []
  return next === 'back-off' ? ['try-again', location.pathname] : ['back', kept().access ? '/account' : '/']
}

// report shows an error and the way out of it, or the input that has to be corrected.
function report(failure, box, input) {
  if (!(failure instanceof Failure)) throw failure
  box.replaceChildren(paragraph(failure.message))
  const [words, address] = wayOut(failure, input)
  if (words) {
    const link = document.createElement('a')
    link.textContent = text(words)
    link.href = address
    if (address === '/') link.addEventListener('click', () => keep({}))
    box.append(paragraph(link))
    link.focus()
  } else if (input) {
    input.ariaInvalid = 'true'
    input.focus()
    input.select()
  }
}

// onSubmit lets a form's button run action, once at a time and visibly. An action that succeeds leaves the page, so that the button stays busy.
function onSubmit(action, input) {
  const form = document.querySelector('form')
  const button = form.querySelector('button:not([type])')
  const label = button.textContent
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    if (button.ariaDisabled === 'true') return
    button.ariaDisabled = 'true' // and not disabled, which would take the keyboard's focus away
    button.textContent = button.dataset.busy
    $('notice').textContent = ''
    $('error').replaceChildren()
    form.querySelectorAll('input').forEach((field) => field.removeAttribute('aria-invalid'))
    try {
      await action(form.elements)
    } catch (failure) {
      button.ariaDisabled = 'false'
      button.textContent = label
      report(failure, $('error'), input)
    }
  })
}

function signInPage() {
  onSubmit(async ({ username, password }) => {
    proceed(await post('/signin', { userId: username.value.trim(), userPassword: password.value }))
  }, $('password'))
  $('username').focus()
}

function codePage() {
  const { challenge } = kept()
  if (!challenge) return startOver()
  document.querySelectorAll('[data-method]').forEach((lead) => { lead.hidden = lead.dataset.method !== challenge.name })
  document.querySelectorAll('.destination').forEach((place) => { place.textContent = challenge.destination ?? '' })
  onSubmit(async ({ code }) => {
    proceed(await post('/mfasignin', {
      mfaCode: code.value, authParamSession: challenge.session, authParamUserId: challenge.username, ChallengeName: challenge.name,
    }))
  }, $('code'))
  $('code').focus()
}

async function setupPage() {
  const state = kept()
  const signingIn = state.challenge
  if (!signingIn && !state.access) return startOver()
  if (!signingIn) $('cancel').href = '/account'

  // who says, in the words of /mfa or /verify, whose authenticator it is.
  const who = (accessToken) => signingIn
    ? { authParamSession: state.challenge.session, authParamUserId: state.challenge.username }
    : { [accessToken]: state.access }

  let registered = false // the code was right, and MFA is still to be switched on
  onSubmit(async ({ code }) => {
    if (registered) {
      await post('/enable', { accessToken: state.access })
    } else {
      try {
        const answer = await post('/verify', { mfaCode: code.value, ...who('accessToken') })
        if (!answer.warning) {
          if (signingIn) return proceed(answer, 'mfa-on')
        } else {
          state.access = answer.AuthenticationResult.AccessToken
          keep({ access: state.access, refresh: answer.AuthenticationResult.RefreshToken })
          throw new Failure(answer.warning)
        }
      } catch (failure) {
        registered = failure.code === 'mfa-not-enabled'
        if (registered) {
          code.required = false
          $('code-field').hidden = true
          document.querySelector('form button').focus()
          $('cancel').href = '/account'
        }
        throw failure
      }
    }
    keep({ ...kept(), notice: 'mfa-on' })
    location.replace('/account')
  }, $('code'))

  try {
    const { qrcode, secret, uri, Session } = await post('/mfa', who('AccessToken'))
    if (signingIn) {
      state.challenge.session = Session
      keep(state)
    }
    showKey(qrcode, secret, uri)
  } catch (failure) {
    $('setup').hidden = true
    report(failure, $('no-key'))
  }
}

// showKey shows a key in its three forms: picture, link and text.
function showKey(qrcode, secret, uri) {
  $('qr').src = `data:image/svg+xml;base64,${qrcode}`
  $('qr').hidden = false
  $('qr-frame').ariaBusy = 'false'
  $('open').href = uri
  $('open').hidden = false
  $('key').textContent = secret.replace(/.{4}(?!$)/g, '$& ')
  $('copy').hidden = false
  $('copy').addEventListener('click', async () => {
    $('copied').textContent = ''
    try {
      await navigator.clipboard.writeText(secret)
      $('copied').textContent = text('copied')
    } catch {
      // Browsers have no clipboard for pages that came without encryption from another computer.
      getSelection().selectAllChildren($('key'))
      $('copied').textContent = text('selected')
    }
  })
}

async function accountPage() {
  const { access, refresh } = kept()
  if (!access) return startOver()
  onSubmit(async () => {
    try {
      await post('/signout', { refreshToken: refresh })
    } catch {
      return startOver('signed-out-here')
    }
    startOver('signed-out')
  })
  try {
    showIdentity(await request('/whoami', { headers: { Authorization: `Bearer ${access}` } }))
  } catch (failure) {
    report(failure, $('error'))
  }
  $('account').ariaBusy = 'false'
}

function showIdentity({ Username, Subject, Groups, AuthTime, ExpiresAt, MFA }) {
  const dates = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: 'medium', timeStyle: 'short' })
  $('username').textContent = Username
  $('subject').textContent = Subject
  $('groups-row').hidden = !Groups
  $('groups').textContent = Groups?.join(', ') ?? ''
  for (const [id, date] of [['auth-time', AuthTime], ['expires-at', ExpiresAt]]) {
    $(id).dateTime = date
    $(id).textContent = dates.format(new Date(date))
  }
  $('mfa-on').hidden = $('replace').hidden = !MFA
  $('mfa-off').hidden = $('set-up').hidden = MFA
  document.querySelector('dl').hidden = false
}

// A page that the browser has kept and shows again may be of a sign-in that is over.
addEventListener('pageshow', (event) => { if (event.persisted) location.reload() })

const { notice, ...state } = kept()
if (notice) {
  keep(state)
  $('notice').textContent = text(notice)
}

const pages = { signin: signInPage, code: codePage, setup: setupPage, account: accountPage }
await pages[document.body.dataset.page]?.()
