// Changes to what the oracle is given. Each makes it another policy language, so the test
// must see it: this is how `run --mutants` shows that it can fail.

import { items } from './generate.js'
import { OPERATORS } from './restrictions.js'

function* statements({ identityPolicies }) {
  for (const { policy } of identityPolicies) yield* policy.Statement
}

function eachStatement(change) {
  return (simulation) => {
    for (const statement of statements(simulation)) change(statement, simulation)
  }
}

function eachPattern(element, change) {
  return eachStatement((statement) => {
    if (element in statement) statement[element] = items(statement[element]).map(change)
  })
}

function eachTest(change) {
  return eachStatement((statement) => {
    for (const [operator, keys] of Object.entries(statement.Condition ?? {})) {
      for (const key of Object.keys(keys)) change(keys, key, operator)
    }
  })
}

function operatorAs(operator, other) {
  return eachStatement(({ Condition }) => {
    if (!Condition || !(operator in Condition)) return
    Condition[other] = { ...Condition[other], ...Condition[operator] }
    delete Condition[operator]
  })
}

/** An operator that differs as little as possible. */
function neighbour(operator) {
  if (operator.endsWith('ThanEquals')) return operator.replace('ThanEquals', 'Than')
  if (operator.endsWith('Than')) return `${operator}Equals`
  if (operator.includes('IgnoreCase')) return operator.replace('IgnoreCase', '')
  if (/^String.*Like$/.test(operator)) return operator.replace('Like', 'Equals')
  if (/^String(Not)?Equals$/.test(operator)) return operator.replace('Equals', 'Like')
  if (operator === 'Bool') return 'Null'
  if (operator === 'NotIpAddress') return 'IpAddress'
  if (operator === 'IpAddress') return 'NotIpAddress'
  return operator.includes('Not') ? operator.replace('Not', '') : operator.replace('Equals', 'NotEquals')
}

export const MUTANTS = {
  'a Deny is an Allow': eachStatement((statement) => (statement.Effect = 'Allow')),
  'an Allow is a Deny': eachStatement((statement) => (statement.Effect = 'Deny')),
  'the last statement does not count': ({ identityPolicies }) => {
    if (identityPolicies[0].policy.Statement.length > 1) identityPolicies[0].policy.Statement.pop()
  },
  'the last policy does not count': ({ identityPolicies }) => identityPolicies.length > 1 && identityPolicies.pop(),
  'conditions do not count': eachStatement((statement) => delete statement.Condition),
  'the second operator does not count': eachStatement(({ Condition }) => {
    if (Condition) for (const operator of Object.keys(Condition).slice(1)) delete Condition[operator]
  }),
  'the second key does not count': eachStatement(({ Condition }) => {
    for (const keys of Object.values(Condition ?? {})) for (const key of Object.keys(keys).slice(1)) delete keys[key]
  }),
  'only the first value counts': eachTest((keys, key) => (keys[key] = items(keys[key])[0])),
  'a missing key meets a condition': eachStatement((statement) => {
    if (!statement.Condition) return
    const optional = (operator) => (operator.endsWith('IfExists') ? operator : `${operator}IfExists`)
    statement.Condition = Object.fromEntries(Object.entries(statement.Condition).map(([operator, keys]) => [optional(operator), keys]))
  }),
  'a missing key fails a negated condition': eachStatement((statement, { request }) => {
    for (const [operator, keys] of Object.entries(statement.Condition ?? {})) {
      const missing = Object.keys(keys).some((key) => !(key in request.contextVariables))
      if (operator.includes('Not') && missing) statement.Condition = { Null: { 'aws:UserAgent': 'neither' } }
    }
  }),
  'NotAction is Action': eachStatement((statement) => {
    if ('NotAction' in statement) statement.Action = statement.NotAction
    delete statement.NotAction
  }),
  'only the first action counts': eachStatement((statement) => {
    for (const element of ['Action', 'NotAction']) if (element in statement) statement[element] = items(statement[element])[0]
  }),
  'only the first resource counts': eachStatement((statement) => (statement.Resource = items(statement.Resource)[0])),
  '? in an action is *': eachPattern('Action', (pattern) => pattern.replaceAll('?', '*')),
  '* in an action is ?*': eachPattern('Action', (pattern) => pattern.replace(/(?<=.)\*/g, '?*')),
  '? in a resource is *': eachPattern('Resource', (pattern) => pattern.replaceAll('?', '*')),
  '* in a resource is ?*': eachPattern('Resource', (pattern) => pattern.replace(/(?<=.)\*$/, '?*')),
  'the region does not count': eachPattern('Resource', (pattern) => pattern.replace(/^(arn:aws:fc):[^:]*/, '$1:*')),
  'the account does not count': eachPattern('Resource', (pattern) => pattern.replace(/^(arn:aws:fc:[^:]*):[^:]*/, '$1:*')),
  'the request has no context': ({ request }) => (request.contextVariables = {}),
  'a blank is no value': ({ request }) => {
    for (const [key, value] of Object.entries(request.contextVariables)) if (value === '') delete request.contextVariables[key]
  },
  'a block of addresses is one bit wider': eachTest((keys, key, operator) => {
    if (!operator.includes('IpAddress')) return
    keys[key] = items(keys[key]).map((value) => value.replace(/\/(\d+)$/, (_, length) => `/${Math.max(1, length - 1)}`))
  }),
  ...Object.fromEntries(Object.keys(OPERATORS).map((operator) => [`${operator} is ${neighbour(operator)}`, operatorAs(operator, neighbour(operator))])),
}
