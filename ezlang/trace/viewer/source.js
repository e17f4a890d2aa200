// The program, with the current lines marked and what each line sent.

import { count, html } from "./text.js";

/** The text of the program's files; `go` jumps to a step. */
export function sourceView(model, go) {
  const root = html("div", { class: "source" });
  const sent = new Map();
  for (const message of model.trace.messages) {
    const one = model.operation(message.step);
    const key = one ? `${one.source}:${one.line}` : "";
    sent.set(key, (sent.get(key) ?? 0) + message.bytes);
  }
  const steps = stepsOfLines(model);
  const most = Math.max(1, ...[...sent].filter(([key]) => key).map(([, bytes]) => bytes));
  const rows = model.trace.sources.map((source, number) => {
    const lines = source.text.replace(/\n$/, "").split("\n").map((text, index) => {
      const key = `${number}:${index + 1}`;
      return line(text, index + 1, steps.get(key) ?? [], sent.get(key) ?? 0, most, go);
    });
    return { name: source.name, lines };
  });
  rows.forEach(({ name, lines }, number) => {
    const list = html("ol", { class: "code" }, lines.map((one) => one.element));
    root.append(html("details", { open: number === 0 }, html("summary", {}, name), list));
  });
  function show(step) {
    root.querySelectorAll(".here").forEach((one) => {
      one.classList.remove("here");
      one.removeAttribute("aria-current");
    });
    const here = [];
    for (const one of model.operations(step)) {
      if (one.source !== null) here.push(rows[one.source].lines[one.line - 1].element);
    }
    for (const one of here) {
      one.classList.add("here");
      one.setAttribute("aria-current", "step");
      one.closest("details").open = true;
    }
    if (here.length) within(here[0]);
  }
  return { root, show };
}

/** Scroll a line into its list, without moving the page. */
function within(element) {
  const box = element.closest(".code");
  const top = element.offsetTop - box.offsetTop;
  if (top < box.scrollTop || top > box.scrollTop + box.clientHeight - 40) {
    box.scrollTop = top - box.clientHeight / 3;
  }
}

function stepsOfLines(model) {
  const found = new Map();
  model.steps.forEach((_, step) => {
    for (const key of new Set(model.operations(step).map((one) => `${one.source}:${one.line}`))) {
      if (!found.has(key)) found.set(key, []);
      found.get(key).push(step);
    }
  });
  return found;
}

function line(text, number, steps, bytes, most, go) {
  const jump = () => {
    const later = steps.find((step) => step > go.current());
    go(later ?? steps[0]);
  };
  const mark = steps.length
    ? html("button", { type: "button", onclick: jump, title: `Line ${number}: ${steps.length} steps`,
        "aria-label": `Go to line ${number}` }, String(number))
    : html("span", { "aria-hidden": "true" }, String(number));
  const share = bytes ? Math.max(2, Math.round((100 * bytes) / most)) : 0;
  const sent = html("span", { class: "sent", title: `${count(bytes)} bytes sent for this line`,
    style: `--share:${share}%` }, bytes ? amount(bytes) : "");
  const element = html("li", {}, mark, sent, html("code", {}, text || " "));
  return { element };
}

function amount(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
