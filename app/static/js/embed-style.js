/* How the element looks. What a page may change stands in `--parley-…` properties and in parts; what the house brings
   comes with the form as `--_light-…`, `--_dark-…` and measures of its shape, set on the box. Dark colours are for
   pages that declare `color-scheme: dark`, since the element stands on a page that may know light alone. */
const COLOURS = ["paper", "ink", "accent", "on-accent", "highlight", "muted", "line", "surface"];
const each = (words) => COLOURS.map(words).join("");
const SHEET = new CSSStyleSheet();
/* Without a form there is no need for its room; this goes before the page's own rules, too. */
const ROOMLESS = new CSSStyleSheet();
ROOMLESS.replaceSync(":host { min-height: 0 !important; }");
SHEET.replaceSync(`
:host { display: block; min-height: var(--parley-min-height, 24rem); }
:host([hidden]) { display: none; }
:host([scheme="light"]) { color-scheme: light; }
:host([scheme="dark"]) { color-scheme: dark; }
*, ::before, ::after { box-sizing: border-box; }
.box { ${each((name) => `--${name}: var(--parley-${name}, var(--_light-${name}));`)}
  --corner: var(--parley-corner, var(--_corner)); --button-corner: var(--parley-button-corner, var(--_button-corner));
  --stroke: var(--parley-stroke, var(--_stroke)); --gap: var(--parley-gap, 1.25rem);
  --display: var(--parley-heading-font, var(--_display));
  display: grid; gap: var(--gap); padding: var(--parley-padding, clamp(1rem, 4vw, 2.25rem));
  border: var(--stroke) var(--_rule) var(--line); border-radius: var(--corner); box-shadow: var(--_shadow);
  background: var(--paper); color: var(--ink); font: 400 1rem/1.55 var(--parley-font, var(--_text)); text-align: start;
  overflow-wrap: break-word; }
@supports (color: light-dark(red, red)) {
  .box { ${each((name) => `--${name}: var(--parley-${name}, light-dark(var(--_light-${name}), var(--_dark-${name})));`)} }
}
h2, p, fieldset { margin: 0; padding: 0; border: 0; min-width: 0; }
.heading, ::slotted([slot="heading"]) { margin: 0; font: var(--_weight) 1.6rem/1.2 var(--display);
  font-style: var(--_slant); text-transform: var(--_case); text-align: var(--_align); text-wrap: balance; }
.intro, ::slotted([slot="intro"]) { margin: 0; text-align: var(--_align); }
form { display: grid; gap: var(--gap); }
legend { padding: 0; margin-bottom: .6rem; font-weight: 600; }
.choices { display: grid; gap: .9rem; }
.choice { position: relative; display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 0 .7rem;
  padding: .8rem .85rem; border: var(--stroke) solid var(--line); border-radius: min(var(--corner), 10px); }
.choice:has(:focus-visible) { outline: 3px solid var(--highlight); outline-offset: 2px; }
.choice input { position: relative; z-index: 1; width: 1.5rem; height: 1.5rem; margin: 0; accent-color: var(--ink);
  outline: none; cursor: pointer; }
.choice label { font-weight: 600; line-height: 1.5rem; cursor: pointer; }
.choice label::after { content: ""; position: absolute; inset: 0; }
.choice .how { display: block; font-size: .9375rem; font-weight: 400; }
.about { grid-column: 2; margin-top: .3rem; font-size: .9375rem; }
.about p + p { margin-top: .35rem; }
.how, .quiet, .small { color: var(--muted); }
.small { display: grid; gap: .35rem; font-size: .875rem; }
.line { display: flex; flex-direction: column; gap: var(--gap); }
.field { min-width: 0; }
.field .quiet { margin-bottom: .4rem; font-size: .9375rem; }
.field select + label, .field input + label { margin-top: .8rem; }
.field label { display: block; margin-bottom: .3rem; font-weight: 600; }
.field :is(input, select) { display: block; width: 100%; min-height: 3rem; padding: .5rem .8rem; font: inherit; color: inherit;
  background: var(--paper); border: max(1px, var(--stroke)) solid var(--muted); border-radius: min(var(--corner), 10px); }
.field :is(input, select):focus { outline: 3px solid var(--highlight); outline-offset: 1px; }
.field input[aria-invalid="true"] { border-color: var(--ink); box-shadow: inset 0 0 0 1px var(--ink); }
button { min-height: 3rem; padding: .6rem 1.5rem; border: max(1px, var(--stroke)) solid var(--accent);
  border-radius: var(--button-corner); background: var(--accent); color: var(--on-accent); font: inherit;
  font-weight: 600; cursor: pointer; }
button:hover { box-shadow: 0 0 0 2px var(--paper), 0 0 0 4px var(--accent); }
button[aria-disabled="true"] { cursor: progress; }
:host([layout="row"]) .line { flex-flow: row wrap; align-items: end; }
:host([layout="row"]) .field { flex: 1 1 16rem; }
:host([layout="row"]) .choices { grid-template-columns: repeat(auto-fit, minmax(min(100%, 17rem), 1fr)); }
:host([layout="row"]) .choices > :is(legend, .error) { grid-column: 1 / -1; }
:focus-visible { outline: 3px solid var(--highlight); outline-offset: 3px; }
.error { padding-left: .7rem; border-left: 4px solid var(--ink); font-weight: 600; }
.field .error { margin-bottom: .4rem; }
[hidden] { display: none !important; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.trap { position: absolute; left: -999rem; width: 1px; height: 1px; overflow: hidden; }
.test { padding: .5rem .8rem; border: 2px dashed var(--ink); font-weight: 600; }
progress { display: block; width: 100%; height: .5rem; margin-top: .4rem; accent-color: var(--accent); }
a { color: var(--highlight); text-underline-offset: .2em; }
.small ul { display: flex; flex-wrap: wrap; gap: 0 1.25rem; margin: 0; padding: 0; list-style: none; }
.small a { display: inline-block; padding-block: .2rem; }
/* What is done to Latin letters only hurts Chinese ones. */
.heading:lang(zh) { font-style: normal; text-transform: none; line-break: strict; }
/* Where room is scarce there is no box inside the box. */
form { container-type: inline-size; }
@container (max-width: 24rem) {
  .choice { padding: .9rem 0; border-width: max(1px, var(--stroke)) 0 0; border-radius: 0; }
  .choice:has(:focus-visible) { outline-offset: 4px; }
}
.done { align-content: center; }
.done > :focus { outline: none; }
`);
