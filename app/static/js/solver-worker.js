/* The worker: one challenge in, news of the progress and then the proof out. */
"use strict";
importScripts("proof.js");
onmessage = async (event) => {
  try {
    const proof = await solveProof(event.data, (progress) => postMessage({ progress }));
    postMessage({ proof });
  } catch {
    postMessage({ failed: true });
  }
};
