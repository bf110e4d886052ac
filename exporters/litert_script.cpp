// LiteRT's WebAssembly under plain node. The package is made for browsers; what its own loader wants of one (self,
// importScripts) is not needed where the module's factory is called directly, and its table of element types, which
// lacks int8, is not met where tensors are filled through the memory of the module.
#include "exporters/litert_script_internal.hpp"

namespace paretoforge::internal {

const char* const litert_script = R"(// node litert.cjs PACKAGE            runs the jobs of the current folder
// node litert.cjs PACKAGE --version
'use strict';
const fs = require('fs');
const path = require('path');

const root = process.argv[2];

async function load() {
  // The build without relaxed SIMD: its results do not depend on the processor, and every node from 18 on takes it.
  const script = path.join(root, 'wasm', 'litert_wasm_compat_internal.js');
  const holder = {exports: {}};
  new Function('module', 'exports', 'require', '__filename', '__dirname', fs.readFileSync(script, 'utf8'))(
      holder, holder.exports, require, script, path.dirname(script));
  return holder.exports({locateFile: (file) => path.join(path.dirname(script), file), print: () => {}, printErr: (line) => notes.push(line)});
}
const notes = [];

async function run(wasm, environment, name, samples) {
  const bytes = fs.readFileSync(name + '.tflite');
  const memory = wasm._malloc(bytes.length);
  wasm.HEAPU8.set(bytes, memory);
  const model = wasm.loadModel(environment, memory, bytes.length);
  const compiled = await wasm.compileModel(environment, model, {environment: {liteRtEnvironment: environment}, accelerator: 'wasm', cpuOptions: {numThreads: 1}});
  const count = model.getSignature(0).inputNames().size();
  const buffers = [];
  for (let i = 0; i < count; ++i) {
    const type = model.getInputTensorType(0, i);
    buffers.push(wasm.LiteRtTensorBuffer.createManaged(environment, wasm.LiteRtTensorBufferType.HOST_MEMORY, type, type.bytes()));
  }
  const input = fs.readFileSync(name + '.in');
  const results = [];
  let at = 0;
  for (let s = 0; s < samples; ++s) {
    for (const buffer of buffers) {
      const size = buffer.packedSize();
      const place = buffer.lock(wasm.LiteRtTensorBufferLockMode.WRITE);
      wasm.HEAPU8.set(input.subarray(at, at + size), place);
      buffer.unlock();
      at += size;
    }
    for (const output of await compiled.run(0, buffers)) {
      const place = output.lock(wasm.LiteRtTensorBufferLockMode.READ);
      results.push(Buffer.from(wasm.HEAPU8.slice(place, place + output.packedSize())));
      output.unlock();
      output.delete();
    }
  }
  if (at !== input.length) throw new Error(`the model takes ${at} bytes of ${input.length}`);
  fs.writeFileSync(name + '.out', Buffer.concat(results));
  for (const each of [...buffers, compiled, model]) each.delete();
  wasm._free(memory);
}

async function main() {
  if (process.argv[3] === '--version') {
    console.log(JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')).version);
    return;
  }
  const wasm = await load();
  wasm.setupLogging();
  const environment = wasm.LiteRtEnvironment.create(null);
  for (const line of fs.readFileSync('jobs.txt', 'utf8').trim().split('\n')) {
    const [name, samples] = line.split(' ');
    notes.length = 0;
    try {
      await run(wasm, environment, name, Number(samples));
    } catch (error) {
      throw new Error(`model ${name}: ${error && error.message ? error.message : error}\n${notes.join('\n')}`);
    }
  }
}
main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
)";

}  // namespace paretoforge::internal
