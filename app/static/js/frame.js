/* Tells the page around this frame how high it would like to be: a number, to the brand's own pages only. */
(() => {
  "use strict";
  const { origins, brand } = document.documentElement.dataset;
  const listed = origins.split(" ").filter(Boolean);
  const above = location.ancestorOrigins ? [...location.ancestorOrigins].slice(0, 1) : listed;
  const readers = above.filter((origin) => listed.includes(origin));
  const form = document.getElementById("main");
  const tell = () => {
    const height = Math.ceil(form.getBoundingClientRect().height);
    for (const origin of readers) parent.postMessage({ type: "parley:height", brand, height }, origin);
  };
  if (parent === window) return;
  // A frame below the fold is not drawn, so nothing is observed there; it is asked once, and when its width changes.
  addEventListener("load", tell);
  addEventListener("resize", tell);
  new ResizeObserver(tell).observe(form);
})();
