// Who knows what: what a viewer may see. A view is a party's number, or null for all of them.

/** Whether a viewer knows a value by a step. */
export function knows(model, view, value, step) {
  if (view === null) return true;
  return model.values[value].known.some(([party, since]) => party === view && since <= step);
}

/** Whether a viewer sees what a party holds. */
export function sees(view, party) {
  return view === null || view === party;
}

/** Whether a viewer sees the content of a message. */
export function reads(view, message) {
  return view === null || view === message.sender || view === message.receiver;
}

/** The names of those who know a value by a step. */
export function knowers(model, value, step) {
  return model.values[value].known
    .filter(([, since]) => since <= step)
    .map(([party]) => model.parties[party]);
}

/** The sentence that says who knows a value. */
export function knowledge(model, value, step) {
  const names = knowers(model, value, step);
  if (names.length === model.parties.length && model.dealer === null) return "known to everybody";
  return names.length ? `known to ${names.join(", ")}` : "known to nobody";
}

/** The class of a column's color: parties have six, and the dealer one of its own. */
export function colored(model, column) {
  return column === model.dealer ? "D" : String(column % 6);
}

/** What a party holds of a value by a step: a list of short texts, the first the most important. */
export function holdings(model, value, party, step) {
  const one = model.values[value];
  const found = [];
  if (!one.secret && one.known.some(([who, since]) => who === party && since <= step)) {
    found.push({ kind: "value", text: model.clear(value) });
  }
  for (const held of one.holds.filter((each) => each.step <= step)) {
    const part = held.parts[party];
    if (part === undefined) continue;
    if (held.sharing === "yao") {
      found.push({ kind: party === model.trace.roles.garbler ? "zero" : "active", labels: part });
    } else {
      found.push({ kind: held.sharing, shares: part });
    }
  }
  return found;
}
