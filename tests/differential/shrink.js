// From a case that fails to a small one that fails too.

import { items } from './generate.js'
import { fault } from './restrictions.js'

/** Makes the case smaller for as long as `firstFailing` finds one that fails among its smaller forms. */
export function shrink(question, firstFailing) {
  for (;;) {
    const failing = smaller(question, firstFailing)
    if (failing === undefined) return question
    question = failing
  }
}

function smaller(question, firstFailing) {
  // Coarse steps first: they save most of the fine ones.
  for (const step of [withoutStatements, withoutConditions, withoutValues, withoutCharacters]) {
    const failing = firstFailing([...step(question)].filter((candidate) => fault(candidate) === undefined))
    if (failing !== undefined) return failing
  }
  return undefined
}

function* withoutStatements(question) {
  for (const [place, policy] of question.policies.entries()) {
    if (question.policies.length > 1) yield edited(question, ({ policies }) => policies.splice(place, 1))
    for (const index of policy.Statement.keys()) {
      yield edited(question, ({ policies }) => policies[place].Statement.splice(index, 1))
    }
  }
}

function* withoutConditions(question) {
  for (const [at, { Condition = {} }] of statements(question)) {
    if (Object.keys(Condition).length > 0) yield edited(question, (copy) => delete at(copy).Condition)
    for (const [operator, keys] of Object.entries(Condition)) {
      yield edited(question, (copy) => delete at(copy).Condition[operator])
      for (const key of Object.keys(keys)) yield edited(question, (copy) => delete at(copy).Condition[operator][key])
    }
  }
}

function* withoutValues(question) {
  for (const key of Object.keys(question.context)) yield edited(question, ({ context }) => delete context[key])
  for (const index of (question.absent ?? []).keys()) yield edited(question, ({ absent }) => absent.splice(index, 1))
  for (const [holder, key, value] of patterns(question)) {
    if (!Array.isArray(value)) continue
    for (const index of value.keys()) yield edited(question, (copy) => holder(copy)[key].splice(index, 1))
    if (value.length === 1) yield edited(question, (copy) => (holder(copy)[key] = value[0]))
  }
}

function* withoutCharacters(question) {
  const places = [...patterns(question), [(copy) => copy, 'action', question.action], [(copy) => copy, 'resource', question.resource]]
  for (const [key, value] of Object.entries(question.context)) places.push([({ context }) => context, key, value])
  for (const [holder, key, value] of places) {
    for (const [index, text] of items(value).entries()) {
      for (const [start, end] of spans(text)) {
        const shorter = text.slice(0, start) + text.slice(end)
        yield edited(question, (copy) => {
          if (Array.isArray(value)) holder(copy)[key][index] = shorter
          else holder(copy)[key] = shorter
        })
      }
      if (key === 'Resource' && text !== '*') {
        yield edited(question, (copy) => {
          if (Array.isArray(value)) holder(copy)[key][index] = '*'
          else holder(copy)[key] = '*'
        })
      }
    }
  }
}

/** Pieces of a text, from its halves to single characters. */
function* spans(text) {
  for (let length = Math.ceil(text.length / 2); length >= 1; length = length === 1 ? 0 : Math.ceil(length / 2)) {
    for (let start = 0; start + length <= text.length; start += length) yield [start, start + length]
  }
}

/** Each statement, and how to find it in a copy. */
function* statements(question) {
  for (const [place, policy] of question.policies.entries()) {
    for (const [index, statement] of policy.Statement.entries()) {
      yield [({ policies }) => policies[place].Statement[index], statement]
    }
  }
}

/** Each place of a pattern or a value, and how to find it in a copy. */
function* patterns(question) {
  for (const [at, statement] of statements(question)) {
    for (const element of ['Action', 'NotAction', 'Resource']) {
      if (element in statement) yield [at, element, statement[element]]
    }
    for (const [operator, keys] of Object.entries(statement.Condition ?? {})) {
      for (const [key, values] of Object.entries(keys)) yield [(copy) => at(copy).Condition[operator], key, values]
    }
  }
}

function edited(question, edit) {
  const copy = structuredClone(question)
  edit(copy)
  return copy
}
