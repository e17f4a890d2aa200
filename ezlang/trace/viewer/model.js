// The trace with the indices that the page needs. Nothing here knows the page.

import { count, counted } from "./text.js";

function grouped(items, key) {
  const found = new Map();
  for (const item of items) {
    const group = key(item);
    if (!found.has(group)) found.set(group, []);
    found.get(group).push(item);
  }
  return found;
}

/** A trace: an object of docs/trace.schema.json. */
export class Model {
  constructor(trace, explanations) {
    this.trace = trace;
    this.explanations = explanations;
    this.parties = trace.parties;
    this.dealer = trace.dealer ? trace.parties.length : null;
    this.columns = trace.dealer ? [...trace.parties, trace.parties.includes("dealer") ? "the dealer" : "dealer"]
      : trace.parties;
    this.dealing = trace.dealer ? dealing(trace) : [];
    this.steps = trace.steps;
    this.values = trace.values;
    trace.messages.forEach((message, number) => (message.number = number));
    this.messagesOf = grouped(trace.messages, (one) => one.step);
    this.unitsOf = grouped(trace.units, (one) => one.step);
    this.gatesOf = grouped(trace.gates, (one) => one.step);
    this.protocolsOf = grouped(trace.parts, (one) => one.step);
    this.usesOf = new Map();
    this.steps.forEach((step, number) => {
      for (const value of new Set(step.reads.flat())) {
        if (!this.usesOf.has(value)) this.usesOf.set(value, []);
        this.usesOf.get(value).push(number);
      }
    });
  }

  messages(step) {
    return this.messagesOf.get(step) ?? [];
  }

  /** The messages of a step, and those of the dealer before the run. */
  arrows(step) {
    return step ? this.messages(step) : [...this.dealing, ...this.messages(step)];
  }

  units(step) {
    return this.unitsOf.get(step) ?? [];
  }

  gates(step) {
    return this.gatesOf.get(step) ?? [];
  }

  /** The parts of protocols that are recorded in a step. */
  protocols(step) {
    return this.protocolsOf.get(step) ?? [];
  }

  operations(step) {
    return this.steps[step].operations.map((number) => this.trace.operations[number]);
  }

  /** The first operation of a step; null for the beginning of the session. */
  operation(step) {
    return this.operations(step)[0] ?? null;
  }

  isOmitted(step) {
    return this.steps[step].omitted !== undefined;
  }

  /** Whether a step has to do with more than what everybody knows. */
  isInteresting(step) {
    if (step === 0 || this.isOmitted(step) || this.messages(step).length) return true;
    if (["input", "output"].includes(this.operation(step).topic)) return true;
    const values = [...this.steps[step].reads.flat(), ...this.steps[step].makes];
    return values.some((value) => this.values[value].secret);
  }

  /** What the protocol does in a step; among many parties also what its messages are for. */
  topics(step) {
    const operations = this.operations(step);
    if (!operations.length) return [this.trace.dealer ? "begin-dealt" : "begin"];
    const implied = ["share", "arithmetic to boolean", "boolean to arithmetic"];
    const sent = this.trace.roles ? [] : this.messages(step).map((one) => one.purpose);
    const purposes = implied.filter((purpose) => sent.includes(purpose));
    const found = [...purposes, ...operations.map((one) => one.topic)];
    return [...new Set(found.filter((topic) => this.explanations[topic]))];
  }

  title(step) {
    if (this.isOmitted(step)) {
      return `${counted(this.steps[step].omitted, "operation")}, summarised`;
    }
    const titles = this.topics(step).map((topic) => this.explanations[topic]?.title ?? topic);
    return titles.join(" · ");
  }

  /** The lines of a step in a source, in order. */
  lines(step, source) {
    const here = this.operations(step).filter((one) => one.source === source);
    return [...new Set(here.map((one) => one.line))].sort((a, b) => a - b);
  }

  place(step) {
    const one = this.operation(step);
    if (!one || one.source === null) return "before the first line";
    const lines = this.lines(step, one.source);
    const file = this.trace.sources.length > 1 ? `${this.trace.sources[one.source].name}, ` : "";
    if (lines.length === 1) return `${file}line ${lines[0]}`;
    return `${file}lines ${lines[0]}–${lines[lines.length - 1]}`;
  }

  rounds(step) {
    const rounds = this.messages(step).map((one) => one.round);
    if (!rounds.length) return "";
    const [low, high] = [Math.min(...rounds), Math.max(...rounds)];
    return low === high ? `round ${low}` : `rounds ${low}–${high}`;
  }

  bytes(step) {
    return this.messages(step).reduce((sum, one) => sum + one.bytes, 0);
  }

  /** What a value is called. */
  name(value) {
    const one = this.values[value];
    if (one.name) return one.name;
    if (one.origin === "constant" && one.size === 1) return String(one.clear[0]);
    const operation = one.operation === null ? null : this.trace.operations[one.operation];
    if (!operation) return one.origin === "parameter" ? "a parameter" : `value ${value}`;
    const kind = /kind=(\w+)/.exec(operation.text);
    return kind ? kind[1] : operation.name.replaceAll("_", " ");
  }

  type(value) {
    const one = this.values[value];
    return one.type + one.shape.map((size) => `[${size}]`).join("");
  }

  /** The elements of a value, and how many there are beyond those in the trace. */
  clear(value) {
    const one = this.values[value];
    const shown = one.clear.map((x) => (typeof x === "boolean" ? x : group(x))).join(", ");
    const rest = one.size - one.clear.length;
    return rest > 0 ? `${shown}, … (${count(rest)} more)` : shown;
  }

  sourceText(operation) {
    if (operation.source === null) return "";
    return this.trace.sources[operation.source].text.slice(operation.start, operation.end);
  }
}

/** What the dealer sends before the run: seeds, and corrections to the second party. */
function dealing(trace) {
  const { seed_bytes: seed, kinds } = trace.dealer;
  const sender = trace.parties.length;
  const sent = [...trace.parties.map((_, receiver) => [receiver, "a seed", seed]),
    [1, "corrections", kinds.reduce((sum, one) => sum + one.bytes, 0)]];
  return sent.filter(([, , bytes]) => bytes).map(([receiver, purpose, bytes]) => ({ sender, receiver, purpose,
    bytes, step: 0, round: null, count: 1, noise: true, content: "" }));
}

function group(number) {
  const text = String(number);
  return /^-?\d{5,}$/.test(text) ? text.replace(/\B(?=(\d{3})+$)/g, " ") : text;
}
