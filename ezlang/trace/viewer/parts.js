// What a step consists of, opened: garbled gates, triples and other preprocessing, digits.

import { colored, sees } from "./knowledge.js";
import { colors } from "./parties.js";
import { protocolParts } from "./protocols.js";
import { cited, count, counted, html, short } from "./text.js";

/** The parts of a step, or null. */
export function partsOf(model, step, view) {
  const found = [kindsDealt(model, step), gates(model, step, view), digits(model, step, view),
    ...protocolParts(model, step, view), units(model, step, view)];
  const shown = found.filter((one) => one);
  return shown.length ? shown : null;
}

// Garbled AND gates

function gates(model, step, view) {
  const list = model.gates(step);
  if (!list.length) return null;
  const left = model.steps[step].gates_left_out ?? 0;
  const body = html("div", { class: "gate" });
  const show = (gate) => body.replaceChildren(gateOf(model, gate, view));
  const buttons = list.map((gate) => html("button", { type: "button",
    onclick: () => show(gate) }, `AND ${gate.gate + 1}`));
  show(list[0]);
  const rest = left ? html("p", { class: "note" }, `${counted(left, "more AND gate")} of this step ` +
    "aren't in the trace.") : null;
  return html("details", { class: "part" }, html("summary", {}, "Open an AND gate of the garbled circuit"),
    html("div", { class: "buttons" }, buttons), body, rest);
}

const bit = (label) => Number(BigInt(`0x${label}`) & 1n);

function gateOf(model, gate, view) {
  const { garbler, evaluator } = model.trace.roles;
  const [first, second] = [sees(view, garbler), sees(view, evaluator)];
  const delta = BigInt(`0x${model.trace.delta}`);
  const other = (label) => (BigInt(`0x${label}`) ^ delta).toString(16).padStart(32, "0");
  const wires = ["a", "b", "a ∧ b"].map((name, n) => {
    const [zero, active] = [gate.zeros[n], gate.active[n]];
    const value = zero === active ? 0 : 1;
    return html("tr", {}, html("th", { scope: "row" }, name), cell(zero, first), cell(other(zero), first),
      cell(active, second), html("td", { class: first && second ? "" : "unknown" },
        first && second ? String(value) : "?"));
  });
  const [a, b] = gate.active.map(bit);
  const used = [["T_G", a, "a"], ["T_E", b, "b"]].map(([name, color, wire]) =>
    html("li", {}, `The color of ${wire} is `, second ? String(color) : "?", second
      ? `, so ${name} is ${color ? "added" : "left out"}.` : "."));
  const head = ["wire", `W⁰ (${model.parties[garbler]})`, "W¹ = W⁰ ⊕ Δ",
    `active label (${model.parties[evaluator]})`, "bit"];
  return [html("div", { class: "scroll", tabindex: 0 }, html("table", {},
    html("caption", {}, "The wires of the gate. The square is the color, the lowest bit of a label."),
    html("thead", {}, html("tr", {}, head.map((text) => html("th", { scope: "col" }, text)))),
    html("tbody", {}, wires))),
    ...(gate.control.length ? threeHalves(model, gate) : [
      html("p", {}, "Two ciphertexts are sent: T_G = ", html("code", {}, short(gate.tables[0])), ", T_E = ",
        html("code", {}, short(gate.tables[1])), "."),
      html("p", {}, `${model.parties[evaluator]} computes H(a) ⊕ H(b), with what the colors ask for:`),
      html("ul", {}, used)])].reduce((box, one) => (box.append(one), box), html("div", {}));
}

function threeHalves(model, gate) {
  return [html("p", {}, "Three ciphertexts of half a label are sent: ",
    gate.tables.map((text, n) => [n ? ", " : "", html("code", {}, text)]),
    `; and the control bits ${gate.control.join(" ")}.`),
  html("p", {}, `${model.parties[model.trace.roles.evaluator]} adds to the hashes of both labels, for each half of the ` +
    "result, the ciphertexts that the colors and control bits ask for.")];
}

function cell(label, seen) {
  return html("td", { class: seen ? "" : "unknown" }, html("code", {}, seen ? short(label) : "?"),
    seen ? colors(String(bit(label))) : null);
}

// Digits of a comparison, and their tree

function digits(model, step, view) {
  const leaves = model.units(step).find((one) => one.what === "leaves" && one.digits);
  if (!leaves) return null;
  const { own, numbers: total, bits } = leaves.digits;
  const levels = [own[0].map((a, n) => ({ less: a < own[1][n], equal: a === own[1][n] }))];
  while (levels[levels.length - 1].length > 1) levels.push(joined(levels[levels.length - 1]));
  const both = model.parties.map((_, party) => sees(view, party));
  const rows = own.map((list, party) => html("tr", {}, html("th", { scope: "row" }, model.parties[party]),
    list.map((digit) => html("td", { class: both[party] ? "" : "unknown" },
      both[party] ? digit.toString(16) : "?"))));
  const tree = levels.map((level, depth) => html("tr", {}, html("th", { scope: "row" },
    depth ? `joined ×${2 ** depth}` : "less, equal"), level.map((one) => html("td",
    { colspan: Math.min(2 ** depth, own[0].length), class: view === null ? "" : "unknown" },
    view === null ? (one.less ? "<" : one.equal ? "=" : ">") : "?"))));
  return html("details", { class: "part" }, html("summary", {}, "Open the comparison: digits and tree"),
    html("div", { class: "scroll", tabindex: 0 }, html("table", { class: "digits" },
      html("caption", {}, `The digits of ${bits} bits that are compared, of one element, the highest ` +
        "digit first. What a row below says of digits is shared: no party knows it."),
      html("tbody", {}, rows, tree))),
    total > 1 ? html("p", { class: "note" }, `The first of ${total} numbers that are compared here.`) : null);
}

function joined(level) {
  const found = [];
  for (let n = 0; n < level.length; n += 2) {
    const [high, low] = [level[n], level[n + 1]];
    found.push(low ? { less: high.less || (high.equal && low.less), equal: high.equal && low.equal } : high);
  }
  return found;
}

// Preprocessing and oblivious transfers

function units(model, step, view) {
  const list = model.units(step);
  if (!list.length || model.dealer !== null) return null;
  const title = model.trace.preprocessing === "ideal dealer" ? "Open the dealt triples"
    : "Open the oblivious transfers and triples";
  return html("details", { class: "part" }, html("summary", {}, title),
    list.map((unit) => unitOf(model, unit, view)), unitsLeftOut(model, step));
}

function unitsLeftOut(model, step) {
  const left = model.steps[step].units_left_out ?? 0;
  return left ? html("p", { class: "note" }, `${counted(left, "more unit")} of this step aren't in the trace.`) : null;
}

const numbersOf = (part, name) => part?.find((one) => one.name === name);
const namesOf = (unit) => [...new Set(unit.parts.flat().map((one) => one.name))];

function shownNumbers(one, seen) {
  const more = one.shape.reduce((x, y) => x * y, 1) > 4 ? " …" : "";
  return html("code", {}, seen ? one.first.slice(0, 4).join(" ") + more : "?");
}

/** What each party has of a unit, and what all have together. */
function unitOf(model, unit, view) {
  const shown = (one, seen) => html("td", { class: seen ? "" : "unknown" }, one ? shownNumbers(one, seen) : "");
  const rows = namesOf(unit).map((name) => html("tr", {}, html("th", { scope: "row" }, name),
    unit.parts.map((part, party) => shown(numbersOf(part, name), sees(view, party))),
    unit.whole && shown(numbersOf(unit.whole, name), view === null)));
  const about = model.explanations[unit.what];
  return html("div", {}, html("div", { class: "scroll", tabindex: 0 }, html("table", {},
    html("caption", {}, about?.title ?? unit.what), html("thead", {}, html("tr", {}, html("th", {}),
      model.parties.map((name) => html("th", { scope: "col" }, name)),
      unit.whole && html("th", { scope: "col" }, "together (known to nobody)"))), html("tbody", {}, rows))),
    about ? html("p", { class: "explained" }, cited(about.text)) : null);
}

// A dealer

/** What the dealer has dealt for a step, as rows of the parties' columns and its own. */
export function dealtRows(model, step, view) {
  if (model.dealer === null || !model.units(step).length) return [];
  const rows = model.units(step).flatMap((unit) => {
    const about = model.explanations[unit.what];
    return [html("p", { class: "note" }, cited(about?.text ?? unit.what)),
      namesOf(unit).map((name) => dealtRow(model, unit, name, view))].flat();
  });
  return [html("h3", {}, "Dealt before the run"), ...rows, unitsLeftOut(model, step)].filter((one) => one);
}

function dealtRow(model, unit, name, view) {
  const whole = numbersOf(unit.whole, name);
  const cells = model.columns.map((column, n) => {
    const one = n === model.dealer ? whole : numbersOf(unit.parts[n], name);
    const seen = sees(view, n);
    const known = n === model.dealer && !whole ? html("small", {}, "knows both parts")
      : one ? shownNumbers(one, seen) : html("span", { class: "none" }, "nothing");
    const kind = n === model.dealer && whole ? html("small", {}, "together ") : null;
    return html("div", { class: `cell party${colored(model, n)}${seen ? "" : " unknown"}`, "data-party": column,
      role: "group", "aria-label": column }, html("div", { class: "held" }, kind, known));
  });
  return html("div", { class: "group" }, html("div", {}, html("b", {}, name)), html("div", { class: "row" }, cells));
}

/** What is dealt before the run: how many units of each kind. */
function kindsDealt(model, step) {
  if (step || !model.trace.dealer) return null;
  const { kinds } = model.trace.dealer;
  const rows = kinds.map((one) => {
    const about = model.explanations[one.what];
    return html("tr", {}, html("th", { scope: "row" }, about?.title.replace(/^.*: /, "") ?? one.what, html("br"),
      html("small", {}, one.text)), html("td", {}, count(one.count)), html("td", {}, count(one.bytes)),
    html("td", {}, cited(about?.text ?? "")));
  });
  const head = ["kind", "units", `bytes of corrections to ${model.parties[1]}`, "what it is"];
  return html("details", { class: "part", open: true }, html("summary", {}, "What the dealer deals"),
    html("div", { class: "scroll", tabindex: 0 }, html("table", {},
      html("thead", {}, html("tr", {}, head.map((text) => html("th", { scope: "col" }, text)))),
      html("tbody", {}, rows))));
}
