// A selected value or message in detail.

import { knowledge, knows, reads, sees } from "./knowledge.js";
import { cited, count, html, link, short } from "./text.js";

/** A message: its content and what it means. */
export function messageDetails(model, message, view) {
  const [from, to] = [model.columns[message.sender], model.columns[message.receiver]];
  const explained = model.explanations[message.purpose];
  const bytes = message.content.match(/../g) ?? [];
  const more = message.bytes > bytes.length ? ` … ${count(message.bytes)} bytes in all` : "";
  const several = message.count > 1 ? `${count(message.count)} messages, the first of them: ` : "";
  const content = reads(view, message)
    ? html("p", {}, several, html("code", {}, bytes.join(" ")), more)
    : html("p", { class: "unknown" }, `${model.columns[view]} doesn't see this message.`);
  const noise = message.noise ? html("p", { class: "note" },
    "Its content is noise: this is ideal in the simulation. Its length and place are those of a real run.") : null;
  return [html("h2", {}, `${from} → ${to}: ${message.purpose}`),
    html("p", {}, `${message.round === null ? "Before the run" : `Round ${message.round} of ${to}`}. ${count(message.bytes)} bytes.`), content, noise,
    explained && html("p", { class: "explained" }, cited(explained.text))];
}

/** A value: what is held of it, how that gives the value, where it comes from and goes. */
export function valueDetails(model, value, step, view, go, select) {
  const one = model.values[value];
  const known = knows(model, view, value, step);
  const parts = [html("h2", {}, model.name(value), " ", html("small", {}, model.type(value)))];
  const clear = known ? model.clear(value) : `unknown to ${model.columns[view]}`;
  parts.push(html("p", {}, "Value: ", html("b", { class: known ? "" : "unknown" }, clear),
    ` — ${knowledge(model, value, step)}.`));
  for (const held of one.holds.filter((each) => each.step <= step)) {
    parts.push(held.sharing === "yao"
      ? labels(model, one, held, view) : shares(model, one, held, view, known));
  }
  parts.push(flow(model, value, go, select));
  return parts;
}

/** The number of hexadecimal digits, as unsigned and as the value's type. */
function sum(shares, sharing, width) {
  const numbers = shares.map((share) => BigInt(`0x${share}`));
  if (sharing === "boolean") return numbers.reduce((x, y) => x ^ y);
  return BigInt.asUintN(width, numbers.reduce((x, y) => x + y));
}

function shares(model, one, held, view, known) {
  const additive = held.sharing === "arithmetic";
  const sign = additive ? "+" : "⊕";
  const index = one.shape.length ? one.clear.map((_, n) => n) : [0];
  const rows = index.map((n) => {
    const all = held.parts.map((part) => part[n]);
    const total = sum(all, held.sharing, one.width).toString(16).padStart(all[0].length, "0");
    const cells = all.map((share, party) =>
      html("td", { class: sees(view, party) ? "" : "unknown" },
        html("code", {}, sees(view, party) ? share : "?")));
    const result = known ? [html("code", {}, total), ` = ${one.clear[n]}`] : "?";
    return html("tr", {}, one.shape.length ? html("th", { scope: "row" }, `[${n}]`) : null, cells,
      html("td", {}, result));
  });
  const head = html("tr", {}, one.shape.length ? html("th", {}, "element") : null,
    model.parties.map((name) => html("th", { scope: "col" }, name)),
    html("th", { scope: "col" }, model.parties.map((_, n) => `x${sub(n)}`).join(` ${sign} `),
      additive ? ` mod 2${sup(one.width)}` : ""));
  const caption = additive ? "Arithmetic shares: their sum is the value."
    : "Boolean shares: their exclusive or, bit by bit, is the value.";
  return html("div", { class: "scroll", tabindex: 0 }, html("table", {},
    html("caption", {}, caption), html("thead", {}, head), html("tbody", {}, rows)));
}

const sub = (n) => String(n).replace(/\d/g, (d) => "₀₁₂₃₄₅₆₇₈₉"[d]);
const sup = (n) => String(n).replace(/\d/g, (d) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[d]);

function labels(model, one, held, view) {
  const { garbler, evaluator } = model.trace.roles;
  const [zero, active] = [held.parts[garbler], held.parts[evaluator]];
  const [first, second] = [sees(view, garbler), sees(view, evaluator)];
  const delta = BigInt(`0x${model.trace.delta}`);
  const hidden = (seen, text) => html("td", { class: seen ? "" : "unknown" }, html("code", {}, seen ? text : "?"));
  const bits = [...zero.colors].map((color, n) => {
    const whole = n < zero.labels.length;
    const other = whole ? (BigInt(`0x${zero.labels[n]}`) ^ delta).toString(16).padStart(32, "0") : "";
    const bit = color === active.colors[n] ? 0 : 1;
    return html("tr", {}, html("th", { scope: "row" }, String(n)),
      hidden(first, whole ? short(zero.labels[n]) : "…"), hidden(first, whole ? short(other) : "…"),
      hidden(second, whole ? short(active.labels[n]) : "…"), hidden(first, color),
      hidden(second, active.colors[n]), hidden(first && second, String(bit)));
  });
  const names = [model.parties[garbler], model.parties[evaluator]];
  const head = html("tr", {}, ["bit", `W⁰ (${names[0]})`, "W¹ = W⁰ ⊕ Δ", `active (${names[1]})`,
    "color of W⁰", "color of active", "bit = ⊕ of colors"].map((text) => html("th", { scope: "col" }, text)));
  const which = one.shape.length ? " of the first element" : "";
  return html("details", { open: bits.length <= 8 }, html("summary", {},
    `Wire labels of ${bits.length} bits${which}`),
    html("div", { class: "scroll", tabindex: 0 }, html("table", {}, html("caption", {},
      "The garbler has both labels of each bit, the evaluator the active one. The trace has whole " +
      "labels of the lowest bits, and the colors of all."), html("thead", {}, head), html("tbody", {}, bits))));
}

function flow(model, value, go, select) {
  const one = model.values[value];
  const from = one.operation === null ? [] : model.steps[one.step].reads[place(model, value)] ?? [];
  const uses = model.usesOf.get(value) ?? [];
  const shown = uses.slice(0, 12);
  const origin = { constant: "A constant of the program.", parameter: "A parameter of a loop or function.",
    omitted: "Made in a part of the run that is summarised." }[one.origin];
  return html("dl", { class: "flow" },
    html("dt", {}, "From"),
    html("dd", {}, origin ?? [link(`step ${one.step}: ${model.title(one.step)}`, () => go(one.step)),
      from.length ? [" of ", from.map((n, i) => [i ? ", " : "", link(model.name(n), () => select(n))])] : ""]),
    html("dt", {}, "Goes to"),
    html("dd", {}, shown.length ? shown.map((n, i) => [i ? "; " : "",
      link(`step ${n}: ${model.title(n)}`, () => go(n))]) : "no recorded step",
      uses.length > shown.length ? `; and ${uses.length - shown.length} more steps` : ""));
}

/** Which operation of its step makes a value. */
function place(model, value) {
  return model.steps[model.values[value].step].makes.indexOf(value);
}
