// A user, with an authenticator and an inbox.
import { Secret, TOTP } from 'otpauth'

export class Person {
  #control
  #ahead = 0 // how far the pool's clock is ahead of ours, in milliseconds

  constructor(control) {
    this.#control = control
  }

  #codeAt(secret, later) {
    const totp = new TOTP({ secret: Secret.fromBase32(secret) })
    return totp.generate({ timestamp: Date.now() + this.#ahead + later * 1000 })
  }

  // The current code of the authenticator.
  code(secret) {
    return this.#codeAt(secret, 0)
  }

  // A code that is not valid around now.
  wrongCode(secret) {
    const right = [-60, -30, 0, 30, 60].map(later => this.#codeAt(secret, later))
    return ['000000', '111111', '222222', '333333', '444444', '555555'].find(
      code => !right.includes(code),
    )
  }

  // Waits for the next code, by moving the clock of the pool. With a real pool, wait.
  async waitForNextCode() {
    await this.moveClock('30s')
    this.#ahead += 30_000
  }

  async moveClock(by) {
    await this.#ask('/clock', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ advance: by }),
    })
  }

  // The code in the latest message.
  async received(username) {
    const response = await this.#ask(`/users/${encodeURIComponent(username)}/outbox`)
    const { messages } = await response.json()
    return messages.at(-1).code
  }

  async #ask(path, request) {
    const response = await fetch(this.#control + path, request)
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    return response
  }
}
