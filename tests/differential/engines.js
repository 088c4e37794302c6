// Both engines, asked the same questions. The oracle runs here, in a process of its own;
// sesame is the program, asked through `policy check --batch`.

import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const VERDICTS = { Allowed: 'allowed', ExplicitlyDenied: 'explicit_deny', ImplicitlyDenied: 'implicit_deny' }

/** The oracle out of the packages in `folder`. */
export async function loadOracle(folder) {
  const require = createRequire(join(folder, 'package.json'))
  const path = require.resolve('@cloud-copilot/iam-simulate')
  const { runUnsafeSimulation } = (await import(pathToFileURL(path))).default
  return runUnsafeSimulation
}

/** What the oracle is given for a case. */
export function translated({ policies, action, resource, context }) {
  const account = resource.split(':')[3]
  return {
    request: {
      principal: `arn:aws:iam::${account}:user/u`,
      action,
      resource: { resource: arn(resource), accountId: account },
      contextVariables: withKeys(context),
    },
    identityPolicies: policies.map((policy, place) => ({
      name: `p${place}`,
      policy: { Version: '2012-10-17', Statement: policy.Statement.map(translatedStatement) },
    })),
    serviceControlPolicies: [],
    resourceControlPolicies: [],
  }
}

function translatedStatement({ Resource, Condition, ...statement }) {
  const translated = { ...statement, Resource: Array.isArray(Resource) ? Resource.map(arn) : arn(Resource) }
  if (Condition) {
    translated.Condition = Object.fromEntries(
      Object.entries(Condition).map(([operator, keys]) => [operator, withKeys(keys)]),
    )
  }
  return translated
}

function arn(resource) {
  return resource.replace(/^acs:/, 'arn:aws:')
}

function withKeys(keys) {
  return Object.fromEntries(Object.entries(keys).map(([key, value]) => [key.replace(/^acs:/, 'aws:'), value]))
}

/** The oracle's answer to what it is given, in sesame's words. */
export function askOracle(simulate, simulation) {
  try {
    const decision = VERDICTS[simulate(simulation)]
    const matched = []
    // The verdict does not name statements: each is asked alone whether it applies.
    simulation.identityPolicies.forEach(({ policy }, place) =>
      policy.Statement.forEach((statement, index) => {
        const alone = [{ name: 'p', policy: { ...policy, Statement: [statement] } }]
        if (simulate({ ...simulation, identityPolicies: alone }) !== 'ImplicitlyDenied') matched.push([place, index])
      }),
    )
    return { decision, matched }
  } catch (error) {
    return { error: String(error) }
  }
}

/** sesame's answers, in order. */
export function askSesame(program, questions) {
  const input = questions.map((question) => `${JSON.stringify(question)}\n`).join('')
  const run = spawnSync(program, ['policy', 'check', '--batch', '-'], { input, encoding: 'utf8', maxBuffer: 1 << 28 })
  if (run.error) throw run.error
  const answers = run.stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line))
  if (answers.length !== questions.length) {
    throw new Error(`${program}: ${answers.length} answers to ${questions.length} questions\n${run.stderr}`)
  }
  return answers.map(({ decision, matched, error }) => (error === undefined ? { decision, matched } : { error }))
}

export function agree(one, other) {
  return one.error === undefined && other.error === undefined && JSON.stringify(one) === JSON.stringify(other)
}
