// The program's process where there is Deno: `_program.py` inside Pyodide, CPython compiled to WebAssembly.
// Deno grants it nothing but reading Pyodide's own files; the arguments are the sources of `_wire.py` and `_program.py`.

import pyodideModule from "npm:pyodide@0.29.4/pyodide.js";

const python = await pyodideModule.loadPyodide();
// What programs print must not come between the replies.
python.setStdout({ batched: () => {} });
python.setStderr({ batched: () => {} });
python.setStdin({ stdin: () => null });
for (const [name, source] of [["_wire", Deno.args[0]], ["_program", Deno.args[1]]]) {
  python.globals.set("given", source);
  python.runPython(`
import sys
module = type(sys)("${name}")
sys.modules["${name}"] = module
exec(compile(given, "${name}", "exec"), module.__dict__)
`);
}
const answer = python.runPython("program = module.Program(); lambda line: module.reply(program, line)");

const encoder = new TextEncoder();
function write(text) {
  let bytes = encoder.encode(text + "\n");
  while (bytes.length) bytes = bytes.subarray(Deno.stdout.writeSync(bytes));
}

write("ready");
const decoder = new TextDecoder();
const piece = new Uint8Array(65536);
let kept = "";
for (let read; (read = Deno.stdin.readSync(piece)) !== null;) {
  kept += decoder.decode(piece.subarray(0, read), { stream: true });
  for (let end; (end = kept.indexOf("\n")) >= 0; kept = kept.slice(end + 1)) write(answer(kept.slice(0, end)));
}
