// A TCP proxy that fails on demand. Speaks no protocol, so it stands before HTTP and PostgreSQL alike.
//
// Environment: PORT, TARGET_PORT, CONTROL_PORT (all on 127.0.0.1). It prints "READY" and ends with its parent.
//
// Control, HTTP with JSON: GET / answers the counters. POST / sets how connections fare, and answers the same:
//   mode          pass | refuse (nobody listens) | reset (RST after accept) | blackhole (accepted, never answered)
//   latencyMs     each chunk, in both directions, arrives that much later
//   cutAfterDown  a connection is reset once that many bytes went to the client; the bytes before arrive
//   cutAfterUp    the same towards the target
//   kill          true: resets the connections that are open now
// What is left out is back at its default, so {} is a healthy proxy. Black-holed connections stay so until killed.
import http from 'node:http';
import net from 'node:net';

const [port, targetPort, controlPort] = ['PORT', 'TARGET_PORT', 'CONTROL_PORT'].map((name) => Number(process.env[name]));
const host = '127.0.0.1';
const healthy = { mode: 'pass', latencyMs: 0, cutAfterDown: null, cutAfterUp: null };
const counters = { accepted: 0, reset: 0, cut: 0, bytesUp: 0, bytesDown: 0 };
const open = new Set();
let rules = healthy;
let listener = null;

process.stdin.on('close', () => process.exit(0)).resume();

function track(socket) {
  open.add(socket);
  socket.on('close', () => open.delete(socket)).on('error', () => socket.destroy());
  return socket;
}

function accept(downstream) {
  counters.accepted += 1;
  track(downstream);
  if (rules.mode === 'reset') {
    counters.reset += 1;
    downstream.resetAndDestroy();
  } else if (rules.mode === 'pass') {
    connect(downstream);
  }
}

function connect(downstream) {
  const upstream = track(net.connect({ port: targetPort, host, noDelay: true, allowHalfOpen: true }));
  const reset = () => {
    if (!downstream.destroyed) downstream.resetAndDestroy();
    if (!upstream.destroyed) upstream.resetAndDestroy();
  };
  downstream.on('close', (hadError) => (hadError ? reset() : upstream.destroySoon()));
  upstream.on('error', reset).on('close', () => downstream.destroySoon());
  forward(downstream, upstream, 'bytesUp', 'cutAfterUp', reset);
  forward(upstream, downstream, 'bytesDown', 'cutAfterDown', reset);
}

function forward(from, to, counter, limit, reset) {
  let passed = 0;
  let queue = Promise.resolve();
  const enqueue = (step) => { queue = queue.then(step); };

  from.on('data', (chunk) => {
    const { latencyMs, [limit]: allowed } = rules;
    enqueue(async () => {
      if (latencyMs > 0) await new Promise((resume) => { setTimeout(resume, latencyMs); });
      const rest = allowed === null ? chunk.length : Math.max(0, allowed - passed);
      const part = chunk.subarray(0, rest);
      if (to.destroyed) return;
      passed += part.length;
      counters[counter] += part.length;
      if (part.length === chunk.length) {
        if (!to.write(part)) await drained(from, to);
        return;
      }
      counters.cut += 1;
      // The reset must not overtake the bytes that are allowed: first the kernel has them.
      if (part.length > 0) await new Promise((resume) => { to.write(part, resume); });
      reset();
    });
  });
  from.on('end', () => enqueue(() => { if (!to.destroyed) to.end(); }));
}

async function drained(from, to) {
  from.pause();
  await new Promise((resume) => {
    const settle = () => { to.off('drain', settle).off('close', settle); resume(); };
    to.on('drain', settle).on('close', settle);
  });
  from.resume();
}

// While connections are refused nobody listens, so that a client sees what it sees of a process that is down.
function listen() {
  return new Promise((resolve, reject) => {
    listener = net.createServer({ noDelay: true, allowHalfOpen: true }, accept);
    listener.once('error', reject).listen(port, host, resolve);
  });
}

async function apply({ kill = false, ...wanted }) {
  rules = { ...healthy, ...wanted };
  if (rules.mode === 'refuse' && listener) {
    listener.close();
    listener = null;
  } else if (rules.mode !== 'refuse' && !listener) {
    await listen();
  }
  if (kill) for (const socket of open) if (!socket.destroyed) socket.resetAndDestroy();
}

http.createServer(async (req, res) => {
  let text = '';
  for await (const chunk of req) text += chunk;
  if (req.method === 'POST') await apply(JSON.parse(text));
  res.writeHead(200, { 'content-type': 'application/json' });
  res.end(JSON.stringify({ ...rules, ...counters, open: open.size }));
}).listen(controlPort, host, async () => {
  await listen();
  console.log('READY');
});
