// Addresses as chips: what is typed or pasted becomes removable chips. What this file judges is a help
// while typing; the server judges again, and its refusals come back in `data.refused`.

const ADDRESS = /^[^\s@<>(),;:"\[\]\\]{1,64}@[^\s@.<>(),;:"\[\]\\]+(\.[^\s@.<>(),;:"\[\]\\]+)+$/;
const INVISIBLE = /[\u200b\u2060\ufeff]/g; // what comes along when an address is copied from a page, such as ours
const MOST = 8; // suggestions shown at once
const SETTLED = 350; // ms without a key after which a whole address counts although no chip was made of it

const fields = new WeakMap(); // kept when Streamlit mounts again over the same elements, which it does at times

export default function ({ data, parentElement, setStateValue }) {
  let field = fields.get(parentElement);
  if (field?.input !== parentElement.querySelector("input")) {
    field = new Field(parentElement, field?.entries ?? data.entries, field?.batch ?? 0);
    fields.set(parentElement, field);
  }
  field.follow(data, setStateValue);
}

class Field {
  constructor(root, entries, batch) {
    this.entries = [...entries];
    this.batch = batch; // the last one that the server put in here
    this.sent = JSON.stringify(this.entries);
    this.known = [];
    this.at = -1; // which suggestion is highlighted; none
    this.chips = new Map(); // entry: its list item, kept while it stays, so that focus stays too
    for (const name of ["label", "box", "chips", "status", "sweep", "hint", "suggestions", "tally"])
      this[`${name}Part`] = root.querySelector(`.${name}`);
    this.input = root.querySelector("input");
    this.listen();
  }

  follow(data, send) {
    Object.assign(this, { words: data.words, refused: data.refused, language: data.language, send });
    Object.assign(this, { known: data.suggestions, taken: new Set(data.taken.map(plain)) });
    this.labelPart.textContent = data.words.label;
    this.hintPart.textContent = data.words.hint;
    this.chipsPart.setAttribute("aria-label", data.words.list);
    this.suggestionsPart.setAttribute("aria-label", data.words.suggestions);
    this.draw();
    this.putIn(data.added);
    if (this.known.length) this.become("combobox");
  }

  // What the server adds, each batch once; it is told which one was taken in, after what came of it.
  putIn({ batch, entries }) {
    if (batch <= this.batch) return;
    this.batch = batch;
    this.entries.push(...this.fresh(entries));
    this.said = "";
    this.sent = ""; // also what is here already is said once more: the server may know it only as to be added
    this.draw();
    this.push();
    this.send("batch", batch);
  }

  become(role) {
    this.input.setAttribute("role", role);
    this.input.setAttribute("aria-autocomplete", "list");
    this.input.setAttribute("aria-controls", "suggestions");
    this.input.setAttribute("aria-expanded", String(!this.suggestionsPart.hidden));
  }

  listen() {
    this.input.onkeydown = (event) => this.typed(event);
    this.input.oninput = () => this.changed();
    this.input.onpaste = (event) => this.pasted(event);
    this.input.onblur = () => this.left();
    this.sweepPart.onclick = () => this.sweep();
    this.chipsPart.onkeydown = (event) => this.steered(event);
    this.chipsPart.onclick = (event) => {
      const button = event.target.closest(".remove");
      if (button) this.remove(button.entry);
    };
    this.suggestionsPart.onmousedown = (event) => event.preventDefault(); // the focus stays in the field
    this.suggestionsPart.onclick = (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.take(option.textContent);
    };
    this.boxPart.onpointerdown = (event) => {
      if (event.target !== this.boxPart) return;
      event.preventDefault();
      this.input.focus();
    };
  }

  // --- the text field ---------------------------------------------------------------------------

  typed(event) {
    if (event.key !== "Escape") event.stopPropagation(); // the app's own shortcuts (r: rerun) stay out of here
    if (event.isComposing || this.chose(event)) return;
    const text = this.input.value.trim();
    if (event.key === "Enter" || (event.key === "Tab" && !event.shiftKey && text)) {
      event.preventDefault();
      this.commit();
    } else if (["Backspace", "ArrowLeft"].includes(event.key) && !this.input.value && this.entries.length) {
      event.preventDefault();
      this.buttons().at(-1).focus();
    }
  }

  // Separators are seen here and not by key: the keyboards of phones do not name their keys.
  changed() {
    if (ended(this.input.value)) return this.commit();
    if (/^[\s,;]+$/.test(this.input.value)) this.input.value = "";
    this.suggest();
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.push(), SETTLED);
  }

  pasted(event) {
    const text = event.clipboardData.getData("text");
    if (!/[\s,;<]/.test(text.trim()) && !ADDRESS.test(text.trim())) return;
    event.preventDefault();
    this.add(`${this.input.value} ${text}`);
  }

  // A press on a button elsewhere takes the focus away first. Drawing the chip right then could move that
  // button from under the pointer, so the drawing waits until the pointer is up.
  left() {
    this.fold();
    if (!this.input.value.trim()) return;
    const commit = () => {
      clearTimeout(waiting);
      window.removeEventListener("pointerup", commit, true);
      this.commit();
    };
    const waiting = setTimeout(commit, pointerIsDown ? 800 : 0);
    window.addEventListener("pointerup", commit, true);
  }

  commit() {
    this.add(this.input.value);
  }

  add(text) {
    const fresh = this.fresh(split(text));
    this.input.value = "";
    this.fold();
    this.entries.push(...fresh);
    if (fresh.length) this.said = fresh.length === 1 ? fill(this.words.added, { address: fresh[0] }) : "";
    this.draw();
    this.push();
    if (fresh.length) this.boxPart.scrollTop = this.boxPart.scrollHeight;
  }

  fresh(entries) {
    const known = new Set(this.entries.map(plain));
    return entries.filter((entry) => !known.has(plain(entry)) && known.add(plain(entry)));
  }

  // --- suggestions: addresses used before -------------------------------------------------------

  suggest() {
    const words = this.input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = new Set(this.entries.map(plain));
    const fits = (address) => !chosen.has(plain(address)) && !this.taken.has(plain(address));
    const found = words.length ? this.known.filter((address) => fits(address) && matches(address, words)) : [];
    this.at = -1;
    this.suggestionsPart.replaceChildren(...found.slice(0, MOST).map(option));
    this.open(found.length > 0);
    this.tallyPart.textContent = found.length ? this.counted("suggested", Math.min(found.length, MOST)) : "";
  }

  fold() {
    this.at = -1;
    this.suggestionsPart.replaceChildren();
    this.open(false);
    this.tallyPart.textContent = "";
  }

  open(there) {
    this.suggestionsPart.hidden = !there;
    if (this.known.length) this.input.setAttribute("aria-expanded", String(there));
    this.input.removeAttribute("aria-activedescendant");
  }

  // Keys that belong to the open list; true when one was meant for it.
  chose(event) {
    const options = [...this.suggestionsPart.children];
    if (!options.length) return false;
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps) this.highlight(options, this.at + steps[event.key]);
    else if (event.key === "Escape") this.fold();
    else if (["Enter", "Tab"].includes(event.key) && !event.shiftKey && this.at >= 0) this.take(options[this.at].textContent);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  highlight(options, at) {
    this.at = (at + options.length + (at < -1 ? 1 : 0)) % options.length;
    options.forEach((each, place) => each.setAttribute("aria-selected", String(place === this.at)));
    options[this.at].scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", options[this.at].id);
  }

  take(address) {
    this.add(address);
    this.input.focus();
  }

  // --- the chips --------------------------------------------------------------------------------

  steered(event) {
    if (event.key !== "Escape") event.stopPropagation();
    const buttons = this.buttons();
    const at = buttons.findIndex((button) => button === event.target);
    const places = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: buttons.length };
    if (["Delete", "Backspace"].includes(event.key)) {
      event.preventDefault();
      this.remove(event.target.entry);
    } else if (event.key in places) {
      event.preventDefault();
      (buttons[Math.max(0, places[event.key])] || this.input).focus();
    }
  }

  remove(entry) {
    const at = this.entries.indexOf(entry);
    this.entries.splice(at, 1);
    this.said = fill(this.words.removed, { address: entry });
    this.draw();
    this.push();
    (this.buttons()[Math.min(at, this.entries.length - 1)] || this.input).focus();
  }

  sweep() {
    this.entries = this.entries.filter((entry) => !this.wrong(entry));
    this.said = "";
    this.draw();
    this.push();
    this.input.focus();
  }

  buttons() {
    return [...this.chipsPart.querySelectorAll(".remove")];
  }

  wrong(entry) {
    return this.refused[entry] || (ADDRESS.test(entry) ? "" : this.words.wrong);
  }

  // --- drawing and sending ----------------------------------------------------------------------

  draw() {
    for (const [entry, chip] of this.chips)
      if (!this.entries.includes(entry)) {
        chip.remove();
        this.chips.delete(entry);
      }
    for (const entry of this.entries) {
      if (!this.chips.has(entry)) this.chips.set(entry, this.chipsPart.appendChild(chip(entry)));
      this.mark(this.chips.get(entry), entry);
    }
    // One stop of the Tab key for all chips; the arrow keys go on from there.
    this.buttons().forEach((button, at, all) => (button.tabIndex = at === all.length - 1 ? 0 : -1));
    this.input.placeholder = this.entries.length ? "" : this.words.placeholder;
    this.report();
  }

  mark(item, entry) {
    const problem = this.wrong(entry);
    const name = fill(this.words.remove, { address: entry });
    item.classList.toggle("wrong", Boolean(problem));
    item.title = problem;
    item.querySelector(".unseen").textContent = problem ? ` (${problem})` : "";
    item.querySelector(".remove").setAttribute("aria-label", problem ? `${name} (${problem})` : name);
  }

  report() {
    const wrong = this.entries.filter((entry) => this.wrong(entry)).length;
    const parts = [];
    if (this.said) parts.push(part("unseen", `${this.said} `));
    if (this.entries.length) parts.push(part("count", this.counted("count", this.entries.length - wrong)));
    if (wrong) parts.push(document.createTextNode(" · "), part("wrong", this.counted("wrong_count", wrong)));
    if (this.statusPart.textContent !== parts.map((node) => node.textContent).join(""))
      this.statusPart.replaceChildren(...parts);
    this.input.setAttribute("aria-invalid", String(wrong > 0));
    this.sweepPart.hidden = wrong < 2;
    this.sweepPart.textContent = this.words.sweep;
  }

  counted(word, count) {
    const form = new Intl.PluralRules(this.language).select(count) === "one" ? "one" : "other";
    return fill(this.words[`${word}_${form}`], { count });
  }

  // The server is told of the chips, and of a whole address that is still being typed: a button that waits
  // for a viewer must not stay shut because no Enter was pressed.
  push() {
    clearTimeout(this.settling);
    const draft = this.input.value.trim();
    const counts = ADDRESS.test(draft) && !this.entries.map(plain).includes(plain(draft));
    const entries = counts ? [...this.entries, draft] : [...this.entries];
    if (JSON.stringify(entries) === this.sent) return;
    this.sent = JSON.stringify(entries);
    this.send("entries", entries);
  }
}

// --- text ---------------------------------------------------------------------------------------

// `Ann <ann@x.org>; "Lee, Bo" <bo@y.org>, cy@z.org` -> the three addresses. A part without any @ stays
// as it is: it is shown as wrong rather than lost.
function split(given) {
  const text = given.replace(INVISIBLE, "");
  const quotes = (text.match(/"/g) || []).length;
  const parts = quotes % 2 ? text.split(/[,;\r\n\t]+/) : text.match(/(?:"[^"]*"|[^,;\r\n\t"])+/g) || [];
  return parts.flatMap(addresses).map(bare).filter(Boolean);
}

function addresses(part) {
  const inBrackets = [...part.matchAll(/<([^<>]*)>/g)].map((found) => found[1]);
  if (inBrackets.length) return inBrackets;
  const words = part.replace(/"[^"]*"/g, (quoted) => (part.includes("@") && !quoted.includes("@") ? " " : quoted));
  return words.includes("@") ? words.split(/\s+/).filter((word) => word.includes("@")) : [words];
}

function bare(text) {
  return text.trim().replace(/^['"(<\[]*(mailto:)?/i, "").replace(/['")>\].]*$/, "").trim();
}

// Whether what is typed has come to its end: a separator behind an address, or a closing bracket. A space
// behind a word without @ is none, for `Ann Lee <ann@x.org>` begins so; nor is what stands in open quotes.
function ended(typed) {
  const text = typed.trimStart().replace(/"[^"]*"/g, "");
  if (text.includes('"') || /<[^>]*$/.test(text)) return false;
  if (!text.includes("@")) return /[,;\n]/.test(text) && !typed.includes('"');
  return /@[^\s,;]*[\s,;]/.test(text) || />\s*$/.test(text);
}

// Every typed word begins the address, its domain, or a part of either: `lee ac` finds ann.lee@acme.org.
function matches(address, words) {
  const pieces = [address, ...address.split("@"), ...address.split(/[@._+-]/)].map(plain);
  return words.every((word) => pieces.some((piece) => piece.startsWith(word.replace(/^@/, ""))));
}

function plain(entry) {
  return entry.toLowerCase();
}

function fill(sentence, holes) {
  return sentence.replace(/\{(\w+)\}/g, (hole, name) => holes[name] ?? hole);
}

// --- pieces of the page -------------------------------------------------------------------------

function part(name, text) {
  return Object.assign(document.createElement("span"), { className: name, textContent: text });
}

function chip(entry) {
  const item = Object.assign(document.createElement("li"), { className: "chip" });
  const button = Object.assign(document.createElement("button"), { type: "button", className: "remove", entry });
  button.textContent = "×";
  item.append(part("text", entry), part("unseen", ""), button);
  return item;
}

function option(address, place) {
  const item = Object.assign(document.createElement("li"), { className: "suggestion", id: `suggestion-${place}` });
  item.textContent = address;
  item.setAttribute("role", "option");
  item.setAttribute("aria-selected", "false");
  return item;
}

let pointerIsDown = false;
window.addEventListener("pointerdown", () => (pointerIsDown = true), true);
window.addEventListener("pointerup", () => (pointerIsDown = false), true);
