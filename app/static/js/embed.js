/* <parley-signup>: a brand's sign-up form on the brand's own pages. Keeps no cookie and stores nothing. */
const SOLVER_PATIENCE = 4000; // milliseconds without a word of the solver until it is given up
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/* What went wrong, as Parley tells it; `unreachable` where it told nothing. */
class Problem extends Error {
  constructor({ code = "unreachable", title = "", field = "" } = {}) {
    super(code);
    Object.assign(this, { code, title, field });
  }
}

async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(ORIGIN + path, { credentials: "omit", ...options });
    if (answer.ok) return await answer.json();
  } catch (failure) {
    if (failure.name === "AbortError") throw failure;
    throw new Problem();
  }
  throw new Problem(await answer.json().catch(() => ({})));
}

/* Solves in a worker of Parley's own origin, behind a hidden frame; where that fails, here in steps. */
async function solve(challenge, brand, root, say, isHere, signal) {
  if (!isHere) {
    try {
      return await solveInFrame(challenge, brand, root, say, signal);
    } catch {
      signal.throwIfAborted();
    }
  }
  return await solveProof(challenge, say);
}

/* Fails where the page allows no frames, where the solver falls silent, and when `signal` ends it. */
async function solveInFrame(challenge, brand, root, say, signal) {
  signal.throwIfAborted();
  const frame = make("iframe", { hidden: true, title: "", "aria-hidden": "true", tabindex: "-1" });
  frame.src = `${ORIGIN}/embed/${brand}/solver`;
  const { port1, port2 } = new MessageChannel();
  const over = new AbortController();
  let patience;
  try {
    return await new Promise((resolve, reject) => {
      const renew = () => {
        clearTimeout(patience);
        patience = setTimeout(() => reject(new Error("no word of the solver")), SOLVER_PATIENCE);
      };
      port1.onmessage = ({ data }) => {
        renew();
        if (data.proof) resolve(data.proof);
        if (data.failed) reject(new Error("the worker failed"));
        if (data.progress !== undefined) say(data.progress);
      };
      const listen = { once: true, signal: over.signal }; // once: a frame that is moved loads again
      frame.addEventListener("load", () => frame.contentWindow.postMessage({ challenge }, ORIGIN, [port2]), listen);
      frame.addEventListener("error", reject, listen);
      signal.addEventListener("abort", () => reject(signal.reason), listen);
      addEventListener("securitypolicyviolation", (event) => {
        if (event.blockedURI.startsWith(ORIGIN) && event.effectiveDirective === "frame-src") reject(event);
      }, { signal: over.signal });
      renew();
      root.append(frame);
    });
  } finally {
    clearTimeout(patience);
    over.abort();
    port1.close();
    frame.remove();
  }
}

class ParleySignup extends HTMLElement {
  static observedAttributes = ["brand", "lang", "test", "topics"];
  #root = this.attachShadow({ mode: "open" });
  #asked = new AbortController();
  #definition = null;
  #parts = null;
  #key = null; // token and proof, asked for at the first focus
  #making = new AbortController(); // ends the making of the key
  #isBusy = false;

  constructor() {
    super();
    this.#root.adoptedStyleSheets = [SHEET];
    this.#root.addEventListener("focusin", (event) => event.target.form && this.#prepare());
  }

  connectedCallback() {
    if (!this.#definition) this.#load();
  }

  /* The solver's frame dies with its place in the page, also when the page only moves the element. */
  disconnectedCallback() {
    this.#asked.abort();
    this.#making.abort();
  }

  attributeChangedCallback(_name, old, now) {
    if (this.isConnected && old !== now) this.#load();
  }

  get #brand() {
    return encodeURIComponent(this.getAttribute("brand") || BRAND);
  }

  get #isTest() {
    return this.hasAttribute("test");
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(`parley:${name}`, { bubbles: true, composed: true, detail: { brand: this.#brand, ...detail } }));
  }

  /* Fetches the form and shows it; several changes at once make one request. */
  async #load({ cache = "default", error } = {}) {
    this.#asked.abort();
    const { signal } = (this.#asked = new AbortController());
    await null;
    if (signal.aborted) return;
    const lang = this.lang || this.closest("[lang]")?.lang || document.documentElement.lang || navigator.language;
    const wanted = new URLSearchParams({ topics: this.getAttribute("topics") ?? "", lang });
    try {
      const definition = await ask(`/embed/${this.#brand}/form?${wanted}`, { signal, cache });
      if (signal.aborted) return;
      this.#show(definition);
      if (error) this.#complain(error);
      else this.#tell("ready", { lang: definition.lang });
    } catch (problem) {
      if (signal.aborted) return;
      warnOf(problem, this.#brand, this.getAttribute("topics"));
      if (!this.#definition) {
        this.#root.adoptedStyleSheets = [SHEET, ROOMLESS];
        this.#root.replaceChildren(make("slot")); // what stands between the tags: a link, maybe
      }
      if (error) this.#complain(new Problem({ code: problem.code }));
      else this.#tell("error", { code: problem.code ?? "unreachable", field: "" });
    }
  }

  #show(definition) {
    const email = this.#parts?.email.value ?? "";
    const { words } = definition;
    if (definition.left_out.length) console.warn(`parley-signup: not offered here: ${definition.left_out.join(", ")}`);
    this.#definition = definition;
    this.#making.abort();
    this.#key = null;
    this.#isBusy = false;
    this.#parts = formOf(definition, this.#isTest);
    this.#parts.email.value = email;
    this.#parts.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#root.adoptedStyleSheets = [SHEET];
    this.#root.replaceChildren(boxOf(definition,
      slotOf("heading", make("h2", { class: "heading", part: "heading" }, words.heading)),
      slotOf("intro", make("p", { class: "intro", part: "intro" }, words.intro)),
      this.#parts.form, slotOf("footer")));
  }

  /* Asks for a token and a challenge, and begins to solve it while the person still types. */
  #prepare() {
    const key = (this.#key ??= this.#make());
    key.catch(() => {
      if (this.#key === key) this.#key = null;
    });
    return key;
  }

  async #make() {
    const { signal } = (this.#making = new AbortController());
    const lang = this.#definition.lang;
    const { token, seconds_to_wait: seconds, challenge } = await ask(
      `/embed/${this.#brand}/challenge?${new URLSearchParams({ lang })}`, { method: "POST", signal });
    const isOldEnough = sleep(seconds * 1000 + 250);
    const isHere = this.getAttribute("solver") === "page";
    const proof = await solve(challenge, this.#brand, this.#root, (value) => this.#progress(value), isHere, signal);
    await isOldEnough;
    return { token, proof };
  }

  /* The key for the form as it stands; made anew when the page moved the element meanwhile. */
  async #keyFor(definition) {
    try {
      const key = await this.#prepare();
      if (definition === this.#definition) return key;
    } catch (problem) {
      if (problem.name !== "AbortError" || !this.isConnected) throw problem;
    }
    if (definition !== this.#definition) throw new Problem();
    return await this.#keyFor(definition);
  }

  #progress(value) {
    if (this.#parts) this.#parts.progress.value = value;
  }

  #mistakes() {
    const { ticked, email } = this.#parts;
    const { words } = this.#definition;
    const found = [];
    if (!ticked().length) found.push(new Problem({ code: "nothing_chosen", title: words.nothing_chosen, field: "items" }));
    if (!email.value.trim() || !email.validity.valid) {
      found.push(new Problem({ code: "invalid_address", title: words.invalid_address, field: "email" }));
    }
    return found;
  }

  async #submit() {
    if (this.#isBusy) return;
    this.#clear();
    const mistakes = this.#mistakes();
    if (mistakes.length) {
      mistakes.reverse().forEach((mistake) => this.#complain(mistake));
      return;
    }
    const definition = this.#definition;
    this.#work(true);
    try {
      const items = this.#parts.ticked();
      await this.#send(items, true);
      this.#finish(items);
    } catch (problem) {
      if (definition !== this.#definition) return; // another form stands here now
      this.#work(false);
      if (problem.code === "wording_changed") this.#load({ cache: "reload", error: problem });
      else this.#complain(problem instanceof Problem ? problem : new Problem());
    }
  }

  /* A key that was refused, because it is old or spent, is replaced once without a word. */
  async #send(items, mayRetry) {
    const { choices, lang, honeypot } = this.#definition;
    const { token, proof } = await this.#keyFor(this.#definition);
    this.#parts.words.textContent = this.#definition.words.sending;
    const notices = choices.filter(({ item }) => items.includes(item)).map(({ item, notice }) => [item, notice]);
    const body = JSON.stringify({
      email: this.#parts.email.value, items: Object.fromEntries(notices), token, proof,
      [honeypot]: this.#parts.trap.value, test: this.#isTest,
      ...(this.#parts.age.hidden ? {} : { born: this.#parts.born.value, country: this.#parts.country.value }),
    });
    const headers = { "Content-Type": "application/json" };
    try {
      await ask(`/embed/${this.#brand}/subscribe?${new URLSearchParams({ lang })}`, { method: "POST", headers, body });
    } catch (problem) {
      const isKey = ["stale_form", "proof_refused", "proof_spent", "too_soon"].includes(problem.code);
      if (!isKey || !mayRetry) throw problem;
      this.#key = null;
      await this.#send(items, false);
    }
  }

  #work(isBusy) {
    const { button, words, progress } = this.#parts;
    this.#isBusy = isBusy;
    button.toggleAttribute("aria-disabled", isBusy);
    if (isBusy) button.setAttribute("aria-disabled", "true");
    words.textContent = isBusy ? this.#definition.words.working : "";
    progress.hidden = !isBusy;
  }

  #clear() {
    const { itemsError, born, bornError, email, emailError, formError } = this.#parts;
    tell(itemsError, "");
    tell(bornError, "", born);
    tell(emailError, "", email);
    formError.hidden = true;
  }

  /* Shows a problem beside its field and takes the focus there; one without a field stands over the form. */
  #complain(problem) {
    const { items, itemsError, born, bornError, email, emailError, formError } = this.#parts;
    const { words, hosted } = this.#definition;
    const said = problem.title || words.unreachable;
    if (problem.field === "email") {
      tell(emailError, said, email, words.error);
      email.focus();
    } else if (problem.field === "born") {
      tell(bornError, said, born, words.error);
      born.focus();
    } else if (problem.field === "items") {
      tell(itemsError, said, undefined, words.error);
      items.querySelector("input").focus();
    } else {
      formError.replaceChildren(said, " ", make("a", { href: hosted, part: "link" }, words.hosted));
      formError.hidden = false;
      formError.focus();
    }
    this.#tell("error", { code: problem.code, field: problem.field });
  }

  #finish(items) {
    const box = this.#root.querySelector(".box");
    const { heading, panel } = doneOf(this.#definition, items, this.#isTest);
    box.replaceChildren(panel, slotOf("footer"));
    heading.focus();
    this.#tell("submitted", { items, lang: this.#definition.lang, test: this.#isTest });
  }
}

if (!customElements.get("parley-signup")) {
  customElements.define("parley-signup", ParleySignup);
  /* The frame variant tells its height; only a frame that shows Parley is believed, and only about itself. */
  addEventListener("message", ({ origin, source, data }) => {
    if (origin !== ORIGIN || data?.type !== "parley:height" || !Number.isFinite(data.height)) return;
    const frame = [...document.querySelectorAll("iframe")].find((each) => each.contentWindow === source);
    if (frame) frame.style.height = `${data.height}px`;
  });
}
