// The parties as columns: for each value, a row with what each of them holds.

import { colored, holdings, knowledge, knows, sees } from "./knowledge.js";
import { html, short } from "./text.js";

/** The heads of the columns. */
export function heads(model, view) {
  const { roles } = model.trace;
  return html("div", { class: "row heads" }, model.columns.map((name, party) => {
    let role = "";
    if (roles) role = party === roles.garbler ? "garbler" : "evaluator";
    if (party === model.dealer) role = "deals before the run";
    return html("div", { class: `head party${colored(model, party)}${sees(view, party) ? "" : " unknown"}` },
      html("strong", {}, name), role && html("small", {}, role));
  }));
}

/** A value as a row; `select` opens it. */
export function valueRow(model, value, step, view, select, selected) {
  const one = model.values[value];
  const known = knows(model, view, value, step);
  const clear = known ? model.clear(value) : "?";
  const title = html("button", { type: "button", class: "value", "aria-pressed": value === selected,
    onclick: () => select(value) },
    html("b", {}, model.name(value)), html("span", { class: "type" }, model.type(value)),
    html("span", { class: known ? "clear" : "clear unknown" }, clear),
    html("span", { class: "who" }, knowledge(model, value, step)));
  const cells = model.columns.map((name, party) => {
    const held = party === model.dealer ? [] : holdings(model, value, party, step);
    const seen = sees(view, party) || (!one.secret && known && held.length > 0);
    const empty = held.length ? null : html("span", { class: "none" }, "nothing");
    return html("div", { class: `cell party${colored(model, party)}${seen ? "" : " unknown"}`, "data-party": name,
      role: "group", "aria-label": name }, empty, held.map((each) => holding(each, seen)));
  });
  return html("div", { class: one.secret ? "group secret" : "group" }, title,
    html("div", { class: "row" }, cells));
}

const KINDS = {
  value: "",
  arithmetic: "share (+)",
  boolean: "share (⊕)",
  zero: "label W⁰, bit 0",
  active: "active label, bit 0",
};

function holding(held, seen) {
  const kind = KINDS[held.kind] && html("small", {}, KINDS[held.kind]);
  if (!seen) return html("div", { class: "held" }, kind, html("code", {}, "?"));
  if (held.text !== undefined) return html("div", { class: "held" }, kind, html("code", {}, held.text));
  if (held.shares) {
    const shown = held.shares.slice(0, 4).join(" ");
    const more = held.shares.length > 4 ? " …" : "";
    return html("div", { class: "held" }, kind, html("code", {}, shown + more));
  }
  const label = held.labels.labels[0];
  if (!label) return null;
  return html("div", { class: "held" }, kind, html("code", {}, short(label)), colors(held.labels.colors));
}

/** The colors of labels, one square for each bit, the lowest bit on the right. */
export function colors(bits) {
  const squares = [...bits].reverse().map((bit) => html("i", { class: `color${bit}` }));
  return html("span", { class: "colors", role: "img",
    "aria-label": `color bits, the lowest one last: ${[...bits].reverse().join("")}` }, squares);
}
