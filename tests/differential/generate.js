// Random cases within the restrictions of restrictions.js, each from its seed and number alone.

import { KEYS, OPERATORS, REGIONS, keyType } from './restrictions.js'

const ACTIONS = [
  'InvokeFunction', 'GetFunction', 'ListFunctions', 'CreateFunction', 'UpdateFunction',
  'DeleteFunction', 'GetService', 'ListServices', 'GetTrigger', 'PutAsyncInvokeConfig',
  'StopStatefulAsyncInvocation', 'TagResource',
]
const ACCOUNTS = ['1234567890123456', '1234567890999999', '1999000011112222']
const TAIL_ALPHABET = 'abcmnxyz0189_-./'
const TEXTS = [
  'vpc-a1', 'vpc-b2', 'VPC-A1', 'prod', 'Prod', 'dev', 'a', 'ab', 'aab', 'abab', '', 'a b', 'a.b',
  'x+y', '(a|b)', '[a-z]', '^a', '{1}', 'a/b', 'say "hi"', 'curl/8.1', "o'clock", '100%', '~!@#&=;,<>`',
]
const PATTERNS = [
  '*', 'vpc-*', 'vpc-??', '?', '??', '*a*', '*b', 'a*b', 'a*a*b', '*prod*', 'a.b', 'a?b', 'x+y', '(a|*)',
  '[a-z]', '', '**', '?*', '*?', 'curl/*', '*.*', '*!@*', 'ab*', '{?}',
]
const NUMBERS = ['0', '-0', '1', '1.0', '01', '2', '5', '5.5', '-3', '10', '10.0', '10.25', '4096', '4503599627370496']
const DATES = [
  '2026-01-01T00:00:00Z', '2025-12-31T23:59:59Z', '2024-02-29T12:00:00Z', '2026-06-15T08:30:00Z',
  '2012-11-11T23:59:59Z', '1970-01-01T00:00:00Z', '2099-12-31T23:59:59Z',
]
const ADDRESSES = {
  ip4: ['10.0.0.1', '10.0.1.7', '10.1.2.3', '192.168.1.10', '203.0.113.5', '255.255.255.255', '0.0.0.0', '127.0.0.1'],
  ip6: ['2001:db8::1', '2001:db8::2', '2001:db8:1::1', '2408:4000::5', 'fe80::1', 'fd00::ff'],
}

/** A small generator of uniform numbers (splitmix32), seeded with any number of integers. */
export class Random {
  constructor(...seeds) {
    this.state = 0x9e3779b9
    for (const seed of seeds) {
      this.state = (this.state ^ seed) | 0
      this.next()
      this.state = Math.imul(this.state, 0x85ebca6b) | 0
    }
  }

  next() {
    this.state = (this.state + 0x9e3779b9) | 0
    let bits = this.state
    bits = Math.imul(bits ^ (bits >>> 16), 0x21f0aaad)
    bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97)
    return ((bits ^ (bits >>> 15)) >>> 0) / 0x100000000
  }

  /** From `low` to `high`, both of them included. */
  whole(low, high) {
    return low + Math.floor(this.next() * (high - low + 1))
  }

  chance(probability) {
    return this.next() < probability
  }

  pick(items) {
    return items[this.whole(0, items.length - 1)]
  }

  /** `count` of the items, no one twice. */
  some(items, count) {
    const rest = [...items]
    const chosen = []
    while (chosen.length < count && rest.length > 0) {
      chosen.push(...rest.splice(this.whole(0, rest.length - 1), 1))
    }
    return chosen
  }

  text(alphabet, low, high) {
    return Array.from({ length: this.whole(low, high) }, () => this.pick(alphabet)).join('')
  }
}

/** Case number `index` of a seed: a line of `sesame policy check --batch`. */
export function generate(seed, index) {
  return new Generator(new Random(seed, index)).question()
}

class Generator {
  constructor(random) {
    this.random = random
    this.names = Array.from({ length: 3 }, () => random.text('abcxyz019_-', 1, 4))
    this.family = random.chance(0.8) ? 'ip4' : 'ip6'
    // Each letter has one case in all resources of a case.
    this.upper = new Set(random.chance(0.3) ? random.some('abcdefghijklmnopqrstuvwxyz', 8) : [])
  }

  question() {
    const { random } = this
    const count = random.chance(0.5) ? random.whole(1, 4) : random.whole(1, 12)
    const denials = Math.min(random.chance(0.45) ? 0 : random.whole(1, 4), count)
    const effects = Array.from({ length: count }, (_, place) => (place < denials ? 'Deny' : 'Allow'))
    const statements = random.some(effects, count).map((effect) => this.statement(effect))
    const target = this.target(statements)
    const { action, resource } = this.request(target)
    const context = this.context(statements, target)
    return {
      policies: this.documents(statements),
      action,
      resource,
      context,
      ...this.rest(statements, context),
    }
  }

  documents(statements) {
    const parts = [[]]
    for (const [place, statement] of statements.entries()) {
      if (place > 0 && parts.length < 3 && this.random.chance(0.15)) parts.push([])
      parts.at(-1).push(statement)
    }
    return parts.map((part) => ({ Version: '1', Statement: part }))
  }

  statement(effect) {
    const { random } = this
    const element = random.chance(0.12) ? 'NotAction' : 'Action'
    const statement = {
      Effect: effect,
      [element]: this.list(random.whole(1, 3), () => this.actionPattern()),
      Resource: this.list(random.whole(1, 3), () => this.resourcePattern()),
    }
    const condition = this.condition()
    if (condition) statement.Condition = condition
    return statement
  }

  /** One item is now and then written without its list. */
  list(count, item) {
    const items = [...new Set(Array.from({ length: count }, item))]
    return items.length === 1 && this.random.chance(0.6) ? items[0] : items
  }

  actionPattern() {
    const { random } = this
    const name = random.pick(ACTIONS)
    const kind = random.next()
    if (kind < 0.07) return '*'
    if (kind < 0.17) return 'fc:*'
    if (kind < 0.45) return `fc:${name}`
    if (kind < 0.6) return `fc:${name.slice(0, random.whole(1, name.length))}*`
    if (kind < 0.7) return `fc:*${name.slice(random.whole(0, name.length - 1))}`
    if (kind < 0.95) return `fc:${this.otherCase(this.wildcards(name))}`
    return `fc:${random.text('GetFnuoci*?', 1, 8)}`
  }

  otherCase(text) {
    if (this.random.chance(0.6)) return text
    return [...text].map((letter) => this.random.pick([letter.toLowerCase(), letter.toUpperCase()])).join('')
  }

  /** Puts wildcards in place of some of the text, and some where there was nothing. */
  wildcards(text) {
    const { random } = this
    let pattern = text
    for (let times = random.whole(1, 3); times > 0; times--) {
      const start = random.whole(0, pattern.length)
      const end = Math.min(pattern.length, start + random.whole(0, 4))
      const wild = random.chance(0.6) ? '*' : '?'.repeat(end - start) || '?'
      pattern = pattern.slice(0, start) + wild + pattern.slice(end)
    }
    return pattern
  }

  resourcePattern() {
    const { random } = this
    if (random.chance(0.15)) return '*'
    return `acs:fc:${this.regionPattern()}:${this.accountPattern()}:${this.tailPattern()}`
  }

  regionPattern() {
    const { random } = this
    const region = random.pick(REGIONS)
    const kind = random.next()
    if (kind < 0.5) return '*'
    if (kind < 0.65) return 'cn-*'
    if (kind < 0.9) return region
    const place = random.whole(0, region.length - 1)
    return `${region.slice(0, place)}?${region.slice(place + 1)}`
  }

  accountPattern() {
    const { random } = this
    const account = random.pick(ACCOUNTS)
    const kind = random.next()
    if (kind < 0.6) return '*'
    return kind < 0.85 ? account : `${account.slice(0, random.whole(1, 15))}*`
  }

  tailPattern() {
    const { random } = this
    const kind = random.next()
    if (kind < 0.1) return '*'
    const tail = this.tail()
    if (kind < 0.4) return tail
    // The oracle takes what stands before the first slash literally.
    const literal = tail.indexOf('/') + 1
    const rest = random.chance(0.3) ? `${tail.slice(literal, literal + 1)}*` : this.wildcards(tail.slice(literal))
    return tail.slice(0, literal) + rest || '*'
  }

  tail() {
    const { random } = this
    const name = () => random.pick(this.names)
    const kind = random.next()
    let tail
    if (kind < 0.3) tail = `functions/${name()}`
    else if (kind < 0.45) tail = `functions/${name()}/${random.pick(['LATEST', 'prod', '1'])}`
    else if (kind < 0.6) tail = `services/${name()}/functions/${name()}`
    else if (kind < 0.7) tail = `services/${name()}.${random.pick(['LATEST', 'prod', '1'])}/functions/${name()}`
    else if (kind < 0.8) tail = `functions/${name()}/triggers/${name()}`
    else if (kind < 0.9) tail = name()
    else tail = random.text(TAIL_ALPHABET, 1, 12)
    return this.inCase(tail)
  }

  inCase(text) {
    return [...text.toLowerCase()].map((letter) => (this.upper.has(letter) ? letter.toUpperCase() : letter)).join('')
  }

  condition() {
    const { random } = this
    const kind = random.next()
    const count = kind < 0.5 ? 0 : kind < 0.8 ? 1 : kind < 0.94 ? 2 : 3
    if (count === 0) return undefined
    const condition = {}
    for (const operator of random.some(Object.keys(OPERATORS), count)) {
      const keys = this.keysFor(operator)
      condition[operator] = {}
      for (const key of random.some(keys, random.chance(0.75) ? 1 : 2)) {
        condition[operator][key] = this.list(random.whole(1, 3), () => this.policyValue(operator, key))
      }
    }
    return condition
  }

  keysFor(operator) {
    const { type } = OPERATORS[operator]
    // Any value can be compared as a string.
    const any = type === 'string' && this.random.chance(0.15)
    return Object.keys(KEYS).filter((key) => any || keyType(key) === type)
  }

  policyValue(operator, key) {
    const { random } = this
    const value = this.value(keyType(key))
    if (operator.includes('Like')) {
      if (keyType(key) === 'string' && random.chance(0.7)) return random.pick(PATTERNS)
      return random.chance(0.5) ? this.wildcards(value) : value
    }
    // What looks like a pattern is none under the other operators.
    if (OPERATORS[operator].type === 'string' && keyType(key) === 'string' && random.chance(0.25)) return random.pick(PATTERNS)
    if (operator.includes('IgnoreCase') && keyType(key) === 'string') return this.otherCase(value)
    if (OPERATORS[operator].type === 'ip' && random.chance(0.6)) {
      const [low, high] = this.family === 'ip4' ? [1, 32] : [1, 128]
      return `${value}/${random.chance(0.5) ? random.pick([8, 16, 24, high]) : random.whole(low, high)}`
    }
    return value
  }

  value(type) {
    const { random } = this
    switch (type) {
      case 'number':
        return random.chance(0.7) ? random.pick(NUMBERS) : `${random.whole(-20, 20)}${random.pick(['', '', '.5', '.50', '.0'])}`
      case 'date':
        return random.chance(0.8) ? random.pick(DATES) : anyDate(random)
      case 'bool':
        return random.pick(['true', 'false'])
      case 'ip':
        return random.pick(ADDRESSES[this.family])
      default:
        return random.chance(0.8) ? random.pick(TEXTS) : random.text('aAbB-_.:/ +[]()^|{}*?"\'', 0, 5)
    }
  }

  /** The statement that the request is made for. */
  target(statements) {
    const denials = statements.filter((statement) => statement.Effect === 'Deny')
    return this.random.pick(denials.length > 0 && this.random.chance(0.3) ? denials : statements)
  }

  request(target) {
    const { random } = this
    const patterns = items(target.Action ?? target.NotAction)
    const pattern = target.Action && random.chance(0.85) ? random.pick(patterns) : '*'
    let action = pattern === '*' ? `fc:${random.pick(ACTIONS)}` : `fc:${this.fill(pattern.slice(3), ACTIONS, 'abetFG') || 'a'}`
    action = `fc:${this.otherCase(action.slice(3))}`
    const chosen = random.chance(0.85) ? random.pick(items(target.Resource)) : '*'
    let [region, account, tail] =
      chosen === '*' ? [random.pick(REGIONS), random.pick(ACCOUNTS), this.tail()] : this.instance(chosen)
    if (random.chance(0.3)) {
      const field = random.next()
      if (field < 0.25) action = `fc:${random.pick(ACTIONS)}`
      else if (field < 0.4) region = random.pick(REGIONS)
      else if (field < 0.5) account = random.pick(ACCOUNTS)
      else if (field < 0.7) tail = this.tail()
      else tail = this.nudged(tail)
    }
    return { action, resource: `acs:fc:${region}:${account}:${tail}` }
  }

  /** Region, account and tail that the pattern matches. */
  instance(pattern) {
    const [, , region, account, tail] = pattern.split(':')
    const fits = REGIONS.filter((known) => glob(region).test(known))
    const prefix = account.replace('*', '')
    return [
      this.random.pick(fits.length > 0 ? fits : REGIONS),
      account.endsWith('*') ? this.random.pick(ACCOUNTS.filter((known) => known.startsWith(prefix))) : account,
      this.inCase(this.fill(tail, this.names, TAIL_ALPHABET)) || '0',
    ]
  }

  /** Text in place of the wildcards. */
  fill(pattern, words, alphabet) {
    const { random } = this
    return [...pattern]
      .map((character) => {
        if (character === '?') return random.pick(alphabet)
        if (character !== '*') return character
        return random.chance(0.3) ? random.pick(words) : random.text(alphabet, 0, 4)
      })
      .join('')
  }

  /** One character more, less or another. */
  nudged(text) {
    const { random } = this
    const place = random.whole(0, text.length - 1)
    const put = random.chance(0.3) ? '' : this.inCase(random.pick(TAIL_ALPHABET))
    return text.slice(0, place) + put + text.slice(place + random.whole(0, 1)) || '0'
  }

  context(statements, target) {
    const { random } = this
    const context = {}
    for (const key of [...mentioned(statements), ...random.some(Object.keys(KEYS), 1)]) {
      if (key in context || random.chance(0.3)) continue
      const tested = [target, ...statements].flatMap((statement) => tests(statement, key))
      const near = tested.length > 0 && random.chance(0.75)
      context[key] = near ? this.near(random.chance(0.6) ? tested[0] : random.pick(tested), key) : this.value(keyType(key))
    }
    return context
  }

  /** A value close to one that a condition names. */
  near({ operator, values }, key) {
    const { random } = this
    const value = random.pick(values)
    const wild = OPERATORS[operator].type === 'string' && random.chance(0.2)
    if (operator.includes('Like') || wild) {
      const text = this.fill(value, ['a', 'b', 'prod'], 'ab-.')
      return keyType(key) === 'string' ? text : this.value(keyType(key))
    }
    switch (OPERATORS[operator].type) {
      case 'number':
        return random.chance(0.5) ? value : String(Number(value) + random.pick([-1, 1]))
      case 'date':
        return random.chance(0.5) ? value : moved(value, random.pick([-1, 1]))
      case 'ip':
        return value.includes('/') ? this.inside(value) : value
      case 'string':
        return operator.includes('IgnoreCase') && keyType(key) === 'string' ? this.otherCase(value) : value
      default:
        return value
    }
  }

  /** An address in the block or just past it. */
  inside(block) {
    const [address, length] = block.split('/')
    if (this.family === 'ip6') return this.random.chance(0.5) ? address : this.value('ip')
    const bits = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
    const free = 32 - Number(length)
    const flip = this.random.chance(0.75) ? this.random.whole(0, 2 ** free - 1) : 2 ** Math.min(free, 31)
    const changed = (bits ^ flip) >>> 0
    return [24, 16, 8, 0].map((shift) => (changed >>> shift) & 255).join('.')
  }

  /** How the request says that it has no other keys. */
  rest(statements, context) {
    if (this.random.chance(0.7)) return { context_complete: true }
    return { absent: mentioned(statements).filter((key) => !(key in context)) }
  }
}

export function items(value) {
  return Array.isArray(value) ? value : [value]
}

/** The condition keys that the statements name. */
function mentioned(statements) {
  return [...new Set(statements.flatMap(({ Condition }) => Object.values(Condition ?? {}).flatMap(Object.keys)))]
}

function tests(statement, key) {
  return Object.entries(statement.Condition ?? {})
    .filter(([, keys]) => key in keys)
    .map(([operator, keys]) => ({ operator, values: items(keys[key]) }))
}

/** For regions only, which have no character that a regular expression knows. */
function glob(pattern) {
  return new RegExp(`^${pattern.replaceAll('?', '.').replaceAll('*', '.*')}$`)
}

function anyDate(random) {
  return moved('2026-01-01T00:00:00Z', random.whole(-100_000_000, 100_000_000))
}

function moved(date, seconds) {
  return new Date(Date.parse(date) + seconds * 1000).toISOString().replace('.000Z', 'Z')
}
