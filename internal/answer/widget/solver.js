// The proof of work, for all our pages: an expression whose value takes a
// challenge and a number of bits, and promises a nonce such that SHA-256 of
// challenge:nonce begins with so many zero bits. It fails with 'slow'. script.go
// takes out these comments and the indentation, so a comment has a line of its
// own.
(() => {
  // Milliseconds that the work may take on a slow phone.
  const WORK_WAIT = 60e3;
  // One slice of work leaves the page half of each frame.
  const SLICE = 8;
  // So much work is done in a blink, and not worth a worker, which a strict
  // policy would report.
  const EASY = 13;

  // prover returns a function that looks for a nonce for some milliseconds, and
  // returns it or nothing. SHA-256 (FIPS 180-4) is here because the browser's own
  // is asynchronous, slower for a few bytes, and not there on plain http. It runs
  // in a worker from its text: nothing outside.
  function prover(challenge, bits) {
    const k = new Int32Array(64), first = new Int32Array(8), w = new Int32Array(64);
    for (let n = 2, found = 0; found < 64; n++) {
      let d = 2;
      while (n % d) d++;
      if (d < n) continue;
      if (found < 8) first[found] = n ** 0.5 % 1 * 2 ** 32;
      k[found++] = Math.cbrt(n) % 1 * 2 ** 32;
    }
    const turn = (x, n) => x >>> n | x << 32 - n;
    const block = (h, m, at) => {
      for (let i = 0; i < 64; i++) {
        if (i < 16) {
          w[i] = m[at++] << 24 | m[at++] << 16 | m[at++] << 8 | m[at++];
        } else {
          const x = w[i - 15], y = w[i - 2];
          w[i] = w[i - 16] + w[i - 7] + (turn(x, 7) ^ turn(x, 18) ^ x >>> 3) + (turn(y, 17) ^ turn(y, 19) ^ y >>> 10);
        }
      }
      let A = h[0], B = h[1], C = h[2], D = h[3], E = h[4], F = h[5], G = h[6], H = h[7];
      for (let i = 0; i < 64; i++) {
        const one = H + (turn(E, 6) ^ turn(E, 11) ^ turn(E, 25)) + (E & F ^ ~E & G) + k[i] + w[i] | 0;
        const other = (turn(A, 2) ^ turn(A, 13) ^ turn(A, 22)) + (A & B ^ A & C ^ B & C) | 0;
        H = G; G = F; F = E; E = D + one | 0; D = C; C = B; B = A; A = one + other | 0;
      }
      h[0] += A; h[1] += B; h[2] += C; h[3] += D; h[4] += E; h[5] += F; h[6] += G; h[7] += H;
    };
    const start = new TextEncoder().encode(challenge + ':');
    const whole = start.length & ~63, rest = start.length - whole;
    for (let at = 0; at < whole; at += 64) block(first, start, at);
    let nonce = 0;
    return (milliseconds) => {
      const end = Date.now() + milliseconds;
      do {
        for (let i = 0; i < 500; i++) {
          const digits = String(nonce++), length = rest + digits.length;
          const m = new Uint8Array(length < 56 ? 64 : 128), h = first.slice();
          m.set(start.subarray(whole));
          for (let j = 0; j < digits.length; j++) m[rest + j] = digits.charCodeAt(j);
          m[length] = 128;
          new DataView(m.buffer).setUint32(m.length - 4, (whole + length) * 8);
          for (let at = 0; at < m.length; at += 64) block(h, m, at);
          if (Math.clz32(h[0]) >= bits) return digits;
        }
      } while (Date.now() < end);
    };
  }

  return (challenge, bits) => new Promise((resolve, reject) => {
    let worker, address, over;
    const limit = setTimeout(() => done(reject, 'slow'), WORK_WAIT);
    const done = (settle, value) => {
      over = true;
      clearTimeout(limit);
      if (worker) worker.terminate();
      URL.revokeObjectURL(address);
      settle(value);
    };
    const slices = () => {
      // Messages to oneself, as browsers slow timers down.
      const work = prover(challenge, bits), line = new MessageChannel();
      line.port1.onmessage = () => {
        const nonce = over || work(SLICE);
        if (over) return;
        if (nonce) done(resolve, nonce);
        else line.port2.postMessage(0);
      };
      line.port2.postMessage(0);
    };
    if (bits <= EASY) return slices();
    try {
      address = URL.createObjectURL(new Blob([
        'onmessage=e=>postMessage((' + prover + ')(...e.data)(1/0))',
      ]));
      worker = new Worker(address);
      worker.onmessage = (e) => done(resolve, e.data);
      worker.onerror = slices;
      worker.postMessage([challenge, bits]);
    } catch (e) {
      slices();
    }
  });
})()
