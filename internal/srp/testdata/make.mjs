// Writes answers.json: the results of independent implementations for fixed numbers.
// Run it in a directory of its own:
//
//   npm install amazon-cognito-identity-js@6.3.21 cognito-srp-helper@2.3.4 cognito-srp@0.2.0
//   node make.mjs > answers.json
//
// The client's half comes from cognito-srp-helper (signatures) and amazon-cognito-identity-js (keys
// and device verifiers), the server's half from cognito-srp. Nothing is written unless they agree.
import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'

const require = createRequire(process.cwd() + '/')
const { default: Helper } = await import(require.resolve('amazon-cognito-identity-js/lib/AuthenticationHelper.js'))
const { default: BigInteger } = await import(require.resolve('amazon-cognito-identity-js/lib/BigInteger.js'))
const clients = require('cognito-srp-helper')
const { ServerPasswordChallenge } = require('cognito-srp/dist/lib/ServerPasswordChallenge.js')
const { UserPool } = require('cognito-srp')

const AuthenticationHelper = Helper.default ?? Helper
const Big = BigInteger.default ?? BigInteger

// digits returns hexadecimal digits for a number of bytes, always the same for a seed.
function digits(seed, bytes) {
  let out = ''
  for (let i = 0; out.length < 2 * bytes; i++) {
    out += createHash('sha256').update(`${seed} ${i}`).digest('hex')
  }
  return out.slice(0, 2 * bytes)
}

function agree(...values) {
  if (new Set(values.map(String)).size !== 1) throw new Error(`no agreement: ${values}`)
  return values[0]
}

async function exchange(name, options) {
  const {
    realm = 'AbCdEfGhI',
    user = 'alice',
    password = 'Passw0rd!',
    salt = digits(`${name} salt`, 16),
    a = digits(`${name} a`, 128),
    b = digits(`${name} b`, 32),
    timestamp = 'Sat Sep 5 08:05:09 UTC 2026',
    device = false,
  } = options
  const block = Buffer.from(digits(`${name} block`, 64), 'hex').toString('base64')

  const helper = new AuthenticationHelper(realm)
  helper.smallAValue = new Big(a, 16)
  helper.largeAValue = undefined
  helper.getLargeAValue(() => {})
  const A = helper.largeAValue.toString(16)

  const account = await new UserPool(realm).createUser({ username: user, password }, salt)
  const challenge = new ServerPasswordChallenge(realm, account, Buffer.from(b, 'hex'))
  const B = challenge.calculateB().toString('hex').replace(/^0+/, '')
  const server = challenge.getSession(A)

  let key
  helper.getPasswordAuthenticationKey(user, password, new Big(B, 16), new Big(salt, 16), (err, k) => {
    if (err) throw err
    key = Buffer.from(k).toString('hex')
  })
  agree(key, server.getHkdf())

  const session = {
    username: user, password, isHashed: false, poolId: `eu-west-1_${realm}`, poolIdAbbr: realm,
    timestamp, smallA: a, largeA: A,
  }
  const answer = {
    ChallengeParameters: {
      SALT: salt, SRP_B: B, SECRET_BLOCK: block, USER_ID_FOR_SRP: user, DEVICE_KEY: user,
    },
  }
  const signed = device
    ? clients.signSrpSessionWithDevice(session, answer, realm, password)
    : clients.signSrpSession(session, answer)
  const signature = agree(signed.passwordSignature, server.calculateSignature(block, timestamp))
  const verifier = account.verifier.replace(/^0+/, '')
  return {
    name, realm, user, password, salt, verifier, secretA: a, publicA: A, secretB: b, publicB: B,
    key, block, timestamp, signature,
  }
}

function device(name, group, key) {
  const helper = new AuthenticationHelper(group)
  helper.generateHashDevice(group, key, (err) => { if (err) throw err })
  return {
    name, group, key, password: helper.getRandomPassword(),
    salt: helper.getSaltDevices(), verifier: helper.getVerifierDevices(),
  }
}

const exchanges = [
  await exchange('a user', {}),
  await exchange('a password that is not ASCII', { password: 'Grüße, Jürgen! 密碼' }),
  await exchange('a name that is not ASCII', { user: 'björn' }),
  await exchange('an email pool', { user: 'f3a1c0de-0000-4000-8000-000000000001' }),
  await exchange('a password with colons', { user: 'a', password: ':a:b:' }),
  await exchange('a salt that looks negative', { salt: 'ff' + digits('negative', 15) }),
  await exchange('a salt that does not', { salt: '7f' + digits('positive', 15) }),
  await exchange('an odd number of digits', { salt: '7' + digits('odd', 15) }),
  await exchange('an odd salt that looks negative', { salt: 'f' + digits('odd negative', 15) }),
  await exchange('a short salt', { salt: '2a' }),
  await exchange('a client whose exponent has 256 bits', { a: digits('short exponent', 32) }),
  await exchange('a server whose exponent has 1024 bits', { b: digits('long exponent', 128) }),
  await exchange('the last day of a month', { timestamp: 'Thu Dec 31 23:59:59 UTC 2026' }),
  await exchange('a device', {
    device: true,
    realm: '-a1B2c3D4',
    user: 'eu-west-1_2d6a3b0e-0000-4000-8000-000000000002',
    password: Buffer.from(digits('a device', 40), 'hex').toString('base64'),
  }),
]
const devices = [1, 2, 3, 4].map((i) =>
  device(`device ${i}`, '-a1B2c3D4', `eu-west-1_2d6a3b0e-0000-4000-8000-00000000000${i}`))
console.log(JSON.stringify({ exchanges, devices }, null, 1))
