// What a case may consist of: the part of the policy language that means the same to both
// engines. README.md says why each of these is needed. Generated and shrunk cases are both
// held to it.

import { isIPv4, isIPv6 } from 'node:net'

export const REGIONS = ['cn-hangzhou', 'cn-shanghai', 'cn-beijing', 'ap-southeast-1', 'eu-central-1', 'us-west-1']

/** Condition keys, with the type of their values. None is another in different letter case. */
export const KEYS = {
  'acs:CurrentTime': 'date',
  'acs:RequestTag/until': 'date',
  'acs:SecureTransport': 'bool',
  'acs:MFAPresent': 'bool',
  'fc:EnableServiceInternetAccess': 'bool',
  'acs:SourceIp': 'ip',
  'acs:VpcSourceIp': 'ip',
  'acs:ResourceTag/size': 'number',
  'acs:RequestTag/cost': 'number',
  'acs:SourceVpc': 'string',
  'acs:UserAgent': 'string',
  'acs:ResourceTag/env': 'string',
  'acs:RequestTag/team': 'string',
}

export function keyType(key) {
  return KEYS[key]
}

/** All operators that RAM documents, with the type of their values. */
export const OPERATORS = Object.fromEntries([
  ...['Equals', 'NotEquals', 'EqualsIgnoreCase', 'NotEqualsIgnoreCase', 'Like', 'NotLike'].map((test) => [`String${test}`, { type: 'string' }]),
  ...['Numeric', 'Date'].flatMap((type) =>
    ['Equals', 'NotEquals', 'LessThan', 'LessThanEquals', 'GreaterThan', 'GreaterThanEquals'].map((test) => [
      `${type}${test}`,
      { type: type === 'Date' ? 'date' : 'number' },
    ]),
  ),
  ['Bool', { type: 'bool' }],
  ['IpAddress', { type: 'ip' }],
  ['NotIpAddress', { type: 'ip' }],
])

const ACTION = /^fc:[A-Za-z]+$/
const ACTION_PATTERN = /^(\*|fc:[A-Za-z*?]+)$/
const ACCOUNT_PATTERN = /^(\*|\d+\*?)$/
const TAIL = /^[A-Za-z0-9_\-./]+$/
// No wildcard before the first slash, if there is a slash.
const TAIL_PATTERN = /^([A-Za-z0-9_\-.*?]+|[A-Za-z0-9_\-.]*\/[A-Za-z0-9_\-./*?]*)$/

const TYPES = {
  string: /^[\x20-\x23\x25-\x5b\x5d-\x7e]*$/,
  number: /^-?\d{1,16}(\.\d{1,4})?$/,
  date: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
  bool: /^(true|false)$/,
}
// One spelling for each address: no group starts with a zero, so that zeros are always `::`.
const IP6 = /^(|[1-9a-f][0-9a-f]*)(:(|[1-9a-f][0-9a-f]*))+$/

/** Why the case is outside of what can be compared, or undefined. */
export function fault(question) {
  const { policies, action, resource, context, absent = [], context_complete } = question
  const statements = policies.flatMap((policy) => policy.Statement)
  const families = new Set()
  const tails = []
  const problems = []
  const hold = (holds, what) => holds || problems.push(what)

  hold(policies.every((policy) => policy.Version === '1' && policy.Statement.length > 0), 'a document')
  hold(statements.length >= 1 && statements.length <= 12, 'the number of statements')
  hold(statements.filter((statement) => statement.Effect === 'Deny').length <= 4, 'the number of denials')
  hold(ACTION.test(action), `action ${action}`)
  const [region, account, tail] = fields(resource, hold)
  hold(REGIONS.includes(region) && /^\d+$/.test(account) && TAIL.test(tail), `resource ${resource}`)
  tails.push(tail)

  for (const statement of statements) {
    hold(('Action' in statement) !== ('NotAction' in statement), 'Action or NotAction')
    for (const pattern of listed(statement.Action ?? statement.NotAction, hold)) {
      hold(ACTION_PATTERN.test(pattern), `action ${pattern}`)
    }
    for (const pattern of listed(statement.Resource, hold)) {
      if (pattern === '*') continue
      const [region, account, tail] = fields(pattern, hold)
      const fits = isRegionPattern(region) && ACCOUNT_PATTERN.test(account) && TAIL_PATTERN.test(tail)
      hold(fits, `resource ${pattern}`)
      tails.push(tail)
    }
    const operators = Object.entries(statement.Condition ?? {})
    hold(!statement.Condition || (operators.length >= 1 && operators.length <= 3), 'the number of operators')
    for (const [operator, keys] of operators) {
      hold(operator in OPERATORS && Object.keys(keys).length > 0, `operator ${operator}`)
      for (const [key, values] of Object.entries(keys)) {
        hold(key in KEYS && (key in context || absent.includes(key) || context_complete), `key ${key}`)
        const { type } = OPERATORS[operator]
        hold(type === 'string' || type === keyType(key), `${operator} on ${key}`)
        const list = listed(values, hold)
        hold(list.length <= 3, 'the number of values')
        for (const value of list) hold(isOf(type, value, true, families), `value ${value} of ${operator}`)
      }
    }
  }
  for (const [key, value] of Object.entries(context)) {
    hold(key in KEYS && isOf(keyType(key), value, false, families), `${key}=${value}`)
  }
  hold(families.size <= 1, 'both families of addresses')
  const letters = new Set(tails.join(''))
  hold([...letters].every((letter) => letter === letter.toLowerCase() || !letters.has(letter.toLowerCase())), 'letter case')
  return problems[0]
}

/** Region, account and the rest. */
function fields(resource, hold) {
  const all = resource.split(':')
  hold(all.length === 5 && all[0] === 'acs' && all[1] === 'fc', `resource ${resource}`)
  const [, , region = '', account = '', tail = ''] = all
  return [region, account, tail]
}

/** A region with at most one `?` in it, or one of two wider patterns. */
function isRegionPattern(pattern) {
  if (pattern === '*' || pattern === 'cn-*') return true
  const [before, after, ...more] = pattern.split('?')
  if (after === undefined) return REGIONS.includes(pattern)
  const matches = (region) => region.length === pattern.length && region.startsWith(before) && region.endsWith(after)
  return more.length === 0 && REGIONS.some(matches)
}

function listed(value, hold) {
  const list = Array.isArray(value) ? value : [value]
  hold(list.length > 0, 'an empty list')
  return list
}

function isOf(type, value, block, families) {
  if (type !== 'ip') return TYPES[type].test(value) && (type !== 'number' || Number.isSafeInteger(Math.trunc(Number(value))))
  const [address, length, ...more] = value.split('/')
  const family = isIPv4(address) ? 4 : isIPv6(address) && IP6.test(address) ? 6 : 0
  families.add(family)
  const width = family === 4 ? 32 : 128
  const fits = length === undefined || (block && Number(length) >= 1 && Number(length) <= width)
  return family !== 0 && fits && more.length === 0
}
