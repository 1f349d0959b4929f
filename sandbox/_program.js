// The program's process where there is Deno: `_program.py` inside Pyodide, CPython compiled to WebAssembly.
// Deno grants it nothing but reading Pyodide's own files; the arguments are the names and sources of `_program.py` and of the modules that it imports.

import pyodideModule from "npm:pyodide@0.29.4/pyodide.js";

const python = await pyodideModule.loadPyodide();
// What programs print must not come between the replies.
python.setStdout({ batched: () => {} });
python.setStderr({ batched: () => {} });
python.setStdin({ stdin: () => null });
for (let n = 0; n < Deno.args.length; n += 2) {
  const [name, source] = [Deno.args[n], Deno.args[n + 1]];
  python.globals.set("given", source);
  python.runPython(`
import sys
module = type(sys)("${name}")
sys.modules["${name}"] = module
exec(compile(given, "${name}", "exec"), module.__dict__)
`);
}
const encoder = new TextEncoder();
function write(text) {
  let bytes = encoder.encode(text + "\n");
  while (bytes.length) bytes = bytes.subarray(Deno.stdout.writeSync(bytes));
}

const decoder = new TextDecoder();
const piece = new Uint8Array(65536);
let kept = "";
function nextLine() {
  let end;
  while ((end = kept.indexOf("\n")) < 0) {
    const read = Deno.stdin.readSync(piece);
    if (read === null) Deno.exit(0);
    kept += decoder.decode(piece.subarray(0, read), { stream: true });
  }
  const line = kept.slice(0, end);
  kept = kept.slice(end + 1);
  return line;
}

// Sends the call of a function of the tests, and returns what the tests send then.
python.globals.set("exchange", (line) => {
  write(line);
  return nextLine();
});
const answer = python.runPython("program = module.Program(exchange); lambda line: program.reply(line)");

write("ready");
while (true) write(answer(nextLine()));
