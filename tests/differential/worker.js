// Asks both engines a range of cases, and makes what they disagree on small.

import { parentPort, workerData } from 'node:worker_threads'
import { agree, askOracle, askSesame, loadOracle, translated } from './engines.js'
import { generate } from './generate.js'
import { MUTANTS } from './mutants.js'
import { fault } from './restrictions.js'
import { shrink } from './shrink.js'

const { program, packages, seed } = workerData
const simulate = await loadOracle(packages)

parentPort.on('message', ({ from, count, mutant, keep, shrinkAtMost }) => {
  const oracle = (question) => {
    const simulation = translated(question)
    if (mutant !== undefined) MUTANTS[mutant](simulation)
    return askOracle(simulate, simulation)
  }
  const questions = Array.from({ length: count }, (_, place) => legal(from + place))
  const sesame = askSesame(program, questions)
  const result = { verdicts: {}, matched: 0, failed: 0, failures: [], cases: [] }
  for (const [place, question] of questions.entries()) {
    const theirs = oracle(question)
    result.verdicts[theirs.decision] = (result.verdicts[theirs.decision] ?? 0) + 1
    result.matched += theirs.matched?.length ?? 0
    if (keep) result.cases.push({ ...question, ...theirs })
    if (agree(sesame[place], theirs)) continue
    result.failed += 1
    if (result.failures.length >= shrinkAtMost) continue
    const small = shrink(question, (candidates) => firstFailing(candidates, oracle, isAnswer(sesame[place])))
    result.failures.push({
      index: from + place,
      question: small,
      sesame: askSesame(program, [small])[0],
      simulation: translated(small),
      oracle: oracle(small),
    })
  }
  parentPort.postMessage({ from, count, ...result })
})

function legal(index) {
  const question = generate(seed, index)
  const outside = fault(question)
  if (outside !== undefined) throw new Error(`case ${index} of seed ${seed} breaks a restriction: ${outside}\n${JSON.stringify(question)}`)
  return question
}

function isAnswer({ error }) {
  return error === undefined
}

/** Fails in the same way: with a wrong answer of sesame, or with none. */
function firstFailing(candidates, oracle, answered) {
  if (candidates.length === 0) return undefined
  const answers = askSesame(program, candidates)
  return candidates.find(
    (candidate, place) => isAnswer(answers[place]) === answered && !agree(answers[place], oracle(candidate)),
  )
}
