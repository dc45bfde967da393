/* Solves a challenge of altcha, version 2 with PBKDF2/SHA-256: tries numbers until the key derived from one begins as
   asked. The browser derives keys away from the page's own thread, so that each step here takes well under a
   millisecond of it. */
async function solveProof(challenge, tell = () => {}, isWanted = () => true) {
  const { algorithm, nonce, salt, cost, keyLength, keyPrefix, data } = challenge.parameters;
  if (data.version !== 2 || algorithm !== "PBKDF2/SHA-256") throw new Error("a challenge of an unknown kind");
  const bytes = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));
  const start = bytes(nonce);
  const password = new Uint8Array(start.length + 4);
  password.set(start);
  const method = { name: "PBKDF2", hash: "SHA-256", salt: bytes(salt), iterations: cost };
  for (let counter = 0; isWanted(); counter += 1) {
    new DataView(password.buffer).setUint32(start.length, counter);
    const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
    const derived = new Uint8Array(await crypto.subtle.deriveBits(method, key, keyLength * 8));
    const derivedKey = Array.from(derived, (byte) => byte.toString(16).padStart(2, "0")).join("");
    if (derivedKey.startsWith(keyPrefix)) return btoa(JSON.stringify({ challenge, solution: { counter, derivedKey } }));
    if (counter % 10 === 0) tell(Math.min(1, counter / data.most));
  }
  throw new Error("nobody waits for the proof any more");
}
