// Sends the cases to the workers and tells what came of it.

import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { MUTANTS } from './mutants.js'

const CHUNK = 1000
/** A mutant that is not seen in so many cases has got away. */
const MUTANT_CASES = 20_000
/** The corpus: so many cases, none longer than so many bytes. */
const CORPUS_CASES = 3000
const CORPUS_LINE = 1800
const SHOWN = 5

const { values: options } = parseArgs({
  options: {
    cases: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    record: { type: 'string' },
    mutants: { type: 'boolean', default: false },
    program: { type: 'string' },
    packages: { type: 'string' },
  },
})
const seed = number('seed')
const started = Date.now()
const workers = Array.from({ length: Math.min(cpus().length, 8) }, () => {
  return new Worker(new URL('worker.js', import.meta.url), {
    workerData: { program: options.program, packages: options.packages, seed },
  })
})
try {
  const { passed, failed } = options.mutants ? await allMutants() : await allCases()
  say(`${passed} passed, ${failed} failed`)
  process.exitCode = failed === 0 ? 0 : 1
} finally {
  for (const worker of workers) worker.terminate()
}

async function allCases() {
  const count = options.record ? 2 * CORPUS_CASES : number('cases')
  const total = { passed: 0, failed: 0, matched: 0, verdicts: {}, failures: [], cases: [] }
  const jobs = chunks(count).map((chunk) => ({ ...chunk, keep: Boolean(options.record), shrinkAtMost: SHOWN }))
  await work(jobs, (result) => {
    total.failed += result.failed
    total.passed += result.count - result.failed
    total.matched += result.matched
    for (const [verdict, times] of Object.entries(result.verdicts)) {
      total.verdicts[verdict] = (total.verdicts[verdict] ?? 0) + times
    }
    total.failures.push(...result.failures)
    total.cases.push(...result.cases.map((asked, place) => [result.from + place, asked]))
    // Nothing more is learned from a run that fails all over.
    return total.failures.length < SHOWN
  })
  total.failures.sort((one, other) => one.index - other.index)
  for (const failure of total.failures.slice(0, SHOWN)) show(failure)
  if (options.record && total.failed === 0) record(total.cases)
  const done = total.passed + total.failed
  const shares = Object.entries(total.verdicts).sort().map(([verdict, times]) => `${verdict} ${((100 * times) / done).toFixed(1)} %`)
  say(`seed ${seed}: ${shares.join(', ')}; ${(total.matched / done).toFixed(2)} matched statements a case; ${seconds()} s`)
  return total
}

async function allMutants() {
  const total = { passed: 0, failed: 0 }
  for (const mutant of Object.keys(MUTANTS)) {
    let caught
    await work(chunks(MUTANT_CASES).map((chunk) => ({ ...chunk, mutant, shrinkAtMost: 1 })), (result) => {
      const [failure] = result.failures
      if (failure && !(caught?.index < failure.index)) caught = failure
      return !caught
    })
    if (caught) {
      total.passed += 1
      const { policies, action, resource, context } = caught.question
      const statements = policies.map(({ Statement }) => JSON.stringify(Statement)).join(' ')
      say(`caught: ${mutant} (case ${caught.index})\n    ${statements}\n    ${action} ${resource} ${JSON.stringify(context)}`)
    } else {
      total.failed += 1
      say(`GOT AWAY: ${mutant}`)
    }
  }
  return total
}

/** Hands out the jobs until they are done or `more` says that it is enough. */
async function work(jobs, more) {
  const queue = [...jobs]
  await Promise.all(
    workers.map(async (worker) => {
      for (let job = queue.shift(); job; job = queue.shift()) {
        worker.postMessage(job)
        const [result] = await once(worker, 'message')
        if (!more(result)) queue.length = 0
      }
    }),
  )
}

function chunks(cases) {
  const starts = Array.from({ length: Math.ceil(cases / CHUNK) }, (_, place) => place * CHUNK)
  return starts.map((from) => ({ from, count: Math.min(CHUNK, cases - from) }))
}

function show({ index, question, sesame, simulation, oracle }) {
  say(`case ${index} of seed ${seed}, made small:`)
  say(`  sesame is asked   ${JSON.stringify(question)}`)
  say(`  sesame answers    ${JSON.stringify(sesame)}`)
  say(`  oracle is asked   ${JSON.stringify(simulation)}`)
  say(`  oracle answers    ${JSON.stringify(oracle)}`)
}

function record(cases) {
  const all = cases.sort(([one], [other]) => one - other).map(([, asked]) => `${JSON.stringify(asked)}\n`)
  const lines = all.filter((line) => line.length <= CORPUS_LINE).slice(0, CORPUS_CASES)
  writeFileSync(options.record, lines.join(''))
  say(`${lines.length} cases in ${options.record}`)
}

function number(name) {
  const value = Number(options[name])
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${name} takes a whole number`)
  return value
}

function seconds() {
  return ((Date.now() - started) / 1000).toFixed(1)
}

function say(line) {
  console.log(line)
}
