// Parts of protocols, opened: an AND, a product, a conversion, number by number.

import { sees } from "./knowledge.js";
import { cited, count, html, listed, short } from "./text.js";

// How the numbers belong together. A name stands for what all parties have together, name@n for
// what the n-th of the parties has, and name@own for what each of them has. A rule with `first` has
// a further term at the first party; one with `has` is for those who have that number.
const TRIPLE = ["c = a·b"];
const RULES = {
  "an AND": [...TRIPLE, "d = x ⊕ a", "e = y ⊕ b",
    { rule: "z@own = c@own ⊕ d·b@own ⊕ e·a@own", first: " ⊕ d·e" }, "z = x·y"],
  "an AND of all": ["z = x·y"],
  "a product by a triple": [...TRIPLE, "d = x − a", "e = y − b",
    { rule: "z@own = c@own + d·b@own + e·a@own", first: " + d·e" }, "z = x·y"],
  "a product by OTs": ["s@0 + r@1 = y@0·x@1", "s@1 + r@0 = y@1·x@0",
    { rule: "z@own = x@own·y@own + s@own + r@own" }, "z = x·y"],
  "a product of all": ["z = x·y"],
  "a product with a known factor": [{ rule: "z@own = x@own·k@own + p@own", has: "k" },
    { rule: "z@own = p@own", lacks: "k" }, { rule: "z = x·k@own", has: "k" }],
  "a square by a dealt square": ["c = a·a", "d = x − a",
    { rule: "z@own = c@own + 2·d·a@own", first: " + d·d" }, "z = x·x"],
  "a square by OTs": ["p = x@0·x@1", { rule: "z@own = x@own·x@own + 2·p@own" }, "z = x·x"],
  "a number to bits": ["z = x"],
  "a bit to a number by an OT": ["p = −2·x@0·x@1", { rule: "z@own = x@own + p@own" }, "z = x"],
  "a bit to a number, opened": ["n = r", "o = x ⊕ r",
    { rule: "z@own = n@own − 2·o·n@own", first: " + o" }, "z = x"],
  "a bit of all to a number": ["z = x"],
  "a bit times a number by an OT": [{ rule: "p = k@0·n@1", has: "k", only: 0 },
    { rule: "p = k@1·n@0", has: "k", only: 1 }],
  "the bits of a number by OTs": ["p = −2·(x@0 ∧ x@1)", { rule: "z@own = x@own + p@own" }, "z = x"],
  "weighted bits": ["z = x"],
  "a label from a seed": ["w@0 = t@1 ⊕ x@0·Δ"],
  "a label by OT": ["t@1 = q@0 ⊕ r@1·Δ", "d = x@1 ⊕ r@1", "w@0 = q@0 ⊕ d·Δ", "t@1 = w@0 ⊕ x@1·Δ"],
  "swapped labels": ["z@0 = w@0 ⊕ x@0·Δ", "t@1 = z@0 ⊕ x·Δ"],
  colors: [],
};
const TOGETHER = { arithmetic: "sum", boolean: "⊕ of both", public: "opened", own: "own", label: "label" };
const BITS = new Set(["an AND", "an AND of all"]);

/** The parts of protocols in a step, each in a closed box. */
export function protocolParts(model, step, view) {
  // What is done last comes first: a conversion before the ANDs of its adder.
  const whats = [...new Set(model.protocols(step).map((one) => one.what))].reverse();
  return whats.map((what) => box(model, model.protocols(step).filter((one) => one.what === what), view));
}

function box(model, parts, view) {
  const about = model.explanations[parts[0].what];
  const all = parts.map((part) => {
    const rows = part.numbers.find((one) => one.parts.some((list) => list));
    const recorded = Math.max(...rows.parts.filter((list) => list).map((list) => list.length));
    const body = html("div", { "aria-live": "polite" });
    const show = (instance) => {
      body.replaceChildren(...instanceOf(model, part, instance, view));
      buttons.forEach((one, n) => one.setAttribute("aria-pressed", String(n === instance)));
    };
    const kind = BITS.has(part.what) ? "AND" : "instance";
    const buttons = recorded < 2 ? [] : [...Array(recorded).keys()].map((n) => html("button", { type: "button",
      "aria-pressed": "false", onclick: () => show(n) }, `${kind} ${n + 1}`));
    show(0);
    const rest = part.of - recorded;
    const names = part.parties.map((party) => model.parties[party]);
    return html("div", {}, parts.length > 1 ? html("h3", {}, listed(names)) : null,
      buttons.length ? html("div", { class: "buttons" }, buttons) : null, body,
      rest > 0 ? html("p", { class: "note" }, `The first ${recorded === 1 ? "one" : count(recorded)} of ` +
        `${count(part.of)} in this step; the others aren't in the trace.`) : null);
  });
  return html("details", { class: "part protocol", "data-what": parts[0].what },
    html("summary", {}, `Open ${about?.title ?? parts[0].what}`),
    about ? html("p", { class: "explained" }, cited(about.text)) : null, all);
}

/** An instance: what each party has, and how that gives the result. */
function instanceOf(model, part, instance, view) {
  const seen = seeing(model, part, view);
  const numbers = new Map(part.numbers.map((one) => [one.name, one]));
  const value = (one, n) => one.parts[n]?.[instance];
  const names = part.parties.map((party) => model.parties[party]);
  const shown = (text, visible) => html("td", { class: visible ? "" : "unknown" },
    html("code", {}, visible ? short(text) : "?"));
  const rows = part.numbers.map((one) => html("tr", {}, html("th", { scope: "row" }, one.name,
    " ", html("small", {}, TOGETHER[one.sharing] === "⊕ of both" && names.length > 2 ? "⊕ of all" : TOGETHER[one.sharing])),
  part.parties.map((_, n) => (one.parts[n] ? shown(value(one, n), seen.at(one, n)) : html("td", {}, ""))),
  ["arithmetic", "boolean"].includes(one.sharing)
    ? shown(whole(one, instance), seen.whole(one)) : html("td", {}, "")));
  const head = ["", ...names, "together"].map((text) => html("th", { scope: "col" }, text));
  const written = rulesOf(part).map((rule) => ruleOf(model, part, numbers, instance, rule, seen));
  const widths = [...new Set(part.numbers.filter((one) => one.sharing === "arithmetic").map((one) => one.width))];
  const modulo = widths.length ? ` Sums and products are modulo 2^${widths.join(", 2^")}.` : "";
  return [html("div", { class: "scroll", tabindex: 0 }, html("table", {},
    html("caption", {}, `Numbers in hexadecimal.${modulo}`), html("thead", {}, html("tr", {}, head)),
    html("tbody", {}, rows))),
  written.length ? html("ul", { class: "rules" }, written) : ""];
}

/** What a viewer sees of a part: its own numbers, opened ones, and a dealer what it dealt. */
function seeing(model, part, view) {
  const dealer = (one) => model.dealer !== null && view === model.dealer && one.dealt;
  const at = (one, n) => view === null || dealer(one)
    || (one.sharing === "public" ? part.parties.some((party, k) => one.parts[k] && party === view)
      : sees(view, part.parties[n]));
  return { at, whole: (one) => view === null || dealer(one),
    delta: view === null || view === model.trace.roles?.garbler };
}

/** What all parties' numbers give together, in hexadecimal. */
function whole(one, instance) {
  const digits = one.parts.find((list) => list)[instance].length;
  const numbers = one.parts.filter((list) => list).map((list) => BigInt(`0x${list[instance]}`));
  const total = one.sharing === "arithmetic" ? BigInt.asUintN(one.width, numbers.reduce((x, y) => x + y))
    : one.sharing === "boolean" ? numbers.reduce((x, y) => x ^ y) : numbers[0];
  return total.toString(16).padStart(digits, "0");
}

/** The rules of a part, written out for each party. */
function rulesOf(part) {
  const has = (name, n) => part.numbers.some((one) => one.name === name && one.parts[n]);
  return (RULES[part.what] ?? []).flatMap((given) => {
    if (typeof given === "string") return [given];
    const { rule, first = "", has: needed, lacks, only } = given;
    return part.parties.map((_, n) => n).filter((n) => (!needed || has(needed, n)) && (!lacks || !has(lacks, n))
      && (only === undefined || only === n)).map((n) => rule.replaceAll("@own", `@${n}`) + (n ? "" : first));
  });
}

const NAME = /([a-zΔ])(?:@(\d))?/g;

/** A rule in names and, as far as they are seen, in numbers. */
function ruleOf(model, part, numbers, instance, rule, seen) {
  const party = (n) => model.parties[part.parties[n]];
  let visible = true;
  const filled = rule.replace(NAME, (_, name, n) => {
    if (name === "Δ") {
      visible &&= seen.delta;
      return short(model.trace.delta ?? "");
    }
    const one = numbers.get(name);
    const single = n !== undefined || one.sharing === "public";
    visible &&= single ? seen.at(one, Number(n ?? 0)) : seen.whole(one);
    return short(n === undefined ? whole(one, instance) : one.parts[Number(n)][instance]);
  });
  const named = rule.split(NAME);
  const written = [];
  for (let i = 0; i < named.length; i += 3) {
    written.push(named[i]);
    if (named[i + 1]) written.push(html("i", {}, named[i + 1]));
    if (named[i + 2]) written.push(html("sub", {}, party(Number(named[i + 2]))));
  }
  return html("li", { class: visible ? "" : "unknown" }, written, ": ",
    html("code", {}, visible ? filled : "?"));
}
