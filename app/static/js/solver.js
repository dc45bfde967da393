/* Runs in a hidden frame of ours on a brand's page: takes a challenge from that page, and solves it in a worker.

   A page can't start a worker from another origin, and one from a blob: address would break a strict policy. */
(() => {
  "use strict";
  const { origins, worker: address } = document.documentElement.dataset;
  const listed = origins.split(" ");
  addEventListener("message", (event) => {
    const [port] = event.ports;
    if (event.source !== parent || !listed.includes(event.origin) || !port) return;
    const worker = new Worker(address);
    worker.onmessage = (news) => port.postMessage(news.data);
    worker.onerror = () => port.postMessage({ failed: true });
    worker.postMessage(event.data.challenge);
  });
})();
