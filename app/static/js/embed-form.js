/* Builds what the element shows, node by node: no page's policy on scripts, styles or markup is touched by it. */
function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== undefined));
  return node;
}

const part = (tag, name, ...children) => make(tag, { class: name, part: name }, ...children);

/* Says to whoever builds the page why no form came. Browsers do not tell scripts of an origin that was refused. */
function warnOf({ code }, brand, topics) {
  if (code === "not_offered") console.warn(`parley-signup: not offered here: ${topics || "anything by e-mail"}`);
  else if (code === "unreachable") console.warn(`Parley: no form of ${brand} came. Is ${location.origin} in origins of ${brand}'s brand.toml, and was Parley restarted?`);
  else console.warn(`Parley: no form of ${brand} came: ${code}`);
}

/* The house's colours, faces and measures, where the sheet looks for them. */
function dress(box, { light, dark, display, text, shape }) {
  const set = (name, value) => box.style.setProperty(`--_${name.replaceAll("_", "-")}`, value);
  for (const [name, value] of Object.entries(light)) set(`light-${name}`, value);
  for (const [name, value] of Object.entries(dark)) set(`dark-${name}`, value);
  for (const [name, value] of Object.entries({ display, text, ...shape })) set(name, value);
  return box;
}

/* An error that stands beside its field. The field names it in `aria-describedby` while it is there. */
function errorLine(id) {
  return make("p", { id, class: "error", part: "error", hidden: true });
}

function tell(line, words, field, prefix = "") {
  line.hidden = !words;
  line.replaceChildren(...(words ? [make("span", { class: "unseen" }, `${prefix} `), words] : []));
  field?.setAttribute("aria-invalid", words ? "true" : "false");
}

/* A box is never ticked for anyone, not even the only one: ticking it is the consent. */
function choiceOf(choice, number) {
  const id = `item-${number}`;
  const attributes = { type: "checkbox", id, name: "items", value: choice.item, part: "checkbox" };
  const about = [choice.description, choice.statement, ...choice.conditions];
  return part("div", "choice",
    make("input", { ...attributes, "aria-describedby": `${id}-about items-error` }),
    make("label", { for: id, part: "choice-label" },
      part("span", "choice-name", choice.name), " ", part("span", "how", choice.how)),
    make("div", { id: `${id}-about`, class: "about", part: "choice-text" },
      ...about.map((words) => make("p", { class: "quiet", part: words === choice.statement ? "statement" : undefined }, words))));
}

function smallPrintOf({ small_print: lines, documents }) {
  const links = documents.map(({ title, url }) => make("li", {},
    make("a", { href: url, target: "_blank", rel: "noopener", part: "link" }, title)));
  return part("div", "small", ...lines.map((line) => make("p", {}, line)), make("ul", { role: "list" }, ...links));
}

/* The whole form; `parts` are what the element goes back to. */
function formOf(definition, isTest) {
  const { words, honeypot } = definition;
  const parts = {
    items: make("fieldset", { class: "choices", part: "choices" }),
    itemsError: errorLine("items-error"),
    email: make("input", {
      type: "email", id: "email", name: "email", part: "input", required: true, maxlength: "254",
      autocomplete: "email", autocapitalize: "none", spellcheck: "false", "aria-describedby": "email-error",
    }),
    emailError: errorLine("email-error"),
    formError: make("p", { class: "error", part: "error", tabindex: "-1", role: "alert", hidden: true }),
    born: make("input", { type: "date", id: "born", name: "born", part: "input", autocomplete: "bday", "aria-describedby": "born-hint born-error" }),
    bornError: errorLine("born-error"),
    country: make("select", { id: "country", name: "country", part: "input", autocomplete: "country" },
      ...[["-", words.elsewhere], ...definition.countries].map(([value, name]) => make("option", { value }, name))),
    button: make("button", { type: "submit", part: "button" }, words.send),
    words: make("p", { class: "quiet", role: "status" }),
    progress: make("progress", { part: "progress", max: "1", value: "0", "aria-label": words.working, hidden: true }),
    trap: make("input", { type: "text", id: "trap", name: honeypot, tabindex: "-1", autocomplete: "off" }),
  };
  parts.items.append(part("legend", "legend", words.legend), parts.itemsError, ...definition.choices.map(choiceOf));
  parts.age = part("div", "field",
    make("label", { for: "born", part: "label" }, words.born),
    make("p", { id: "born-hint", class: "quiet" }, words.born_hint),
    parts.bornError, parts.born,
    ...(definition.countries.length ? [make("label", { for: "country", part: "label" }, words.country), parts.country] : []));
  parts.age.hidden = true;
  parts.items.addEventListener("change", () => {
    parts.age.hidden = !definition.choices.some(({ item, asks_age: asks }) => asks && parts.ticked().includes(item));
  });
  parts.form = make("form", { part: "form", novalidate: true },
    isTest ? part("p", "test", words.test) : "",
    parts.formError,
    parts.items,
    parts.age,
    make("div", { class: "trap", "aria-hidden": "true" }, make("label", { for: "trap" }, words.trap), parts.trap),
    part("div", "line",
      part("div", "field", make("label", { for: "email", part: "label" }, words.email), parts.emailError, parts.email),
      parts.button),
    part("div", "status", parts.words, parts.progress),
    smallPrintOf(definition));
  parts.ticked = () => [...parts.items.querySelectorAll(":checked")].map((box) => box.value);
  return parts;
}

function boxOf(definition, ...inside) {
  const box = make("section", { class: "box", part: "box", lang: definition.lang, "aria-label": definition.name }, ...inside);
  return dress(box, definition.theme);
}

function slotOf(name, ...otherwise) {
  return make("slot", { name }, ...otherwise);
}

/* What stands in place of the form once it was taken. Its heading gets the focus, so that it is read out. */
function doneOf({ words, choices }, items, isTest) {
  const starts = choices.filter(({ item }) => items.includes(item)).every((choice) => choice.starts_at_once);
  const heading = make("h2", { class: "heading", part: "heading", tabindex: "-1" }, words.done);
  const said = isTest ? part("p", "test", words.test) : make("p", { part: "message" }, starts ? words.starts : words.check_mail);
  return { heading, panel: part("div", "done", heading, said) };
}
