/* What a brand's own analytics would do with the events of the form: here it only counts them, for all to see. */
addEventListener("parley:submitted", ({ detail }) => {
  document.documentElement.dataset.signups = Number(document.documentElement.dataset.signups ?? 0) + 1;
  document.documentElement.dataset.items = detail.items.join(" ");
});
addEventListener("parley:error", ({ detail }) => {
  document.documentElement.dataset.problem = detail.code;
});
