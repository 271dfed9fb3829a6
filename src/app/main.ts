/**
 * `postern`: the program. It finds the command (src/app/cli/commands.ts), runs it and exits with its code. Everything that the rest of the program must be
 * given, clock, standard streams and signals, comes from here.
 */
import { commands } from './cli/commands.ts'
import { runCli } from './cli/run.ts'

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0) // `postern … | head` has read enough
  throw error
})

const code = await runCli(commands, process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  input: process.stdin,
  now: () => Date.now(),
  isTerminal: process.stdout.isTTY === true,
  onSignal: (name, handler) => {
    process.on(name, handler)
    return () => process.off(name, handler)
  },
})
process.exitCode = code
// What a command left open (a keep-alive socket of a library, say) must not keep the program.
process.stdout.write('', () => process.exit(code))
