// What a party sees in many runs, with either of two secrets of another one.

import { count, counted, html, link, svg } from "./text.js";

const BAR = 9;
const TALL = 60;

/** The histograms of the re-runs, in a closed box; `go` jumps to a step. */
export function rerunsView(model, go) {
  const all = model.trace.reruns;
  const box = html("details", { class: "part" }, html("summary", {}, "Re-run with another secret"));
  if (!all) {
    box.append(html("p", {}, `This page has no re-runs: ${model.parties[0]} has no inputs, or no other inputs were ` +
      "found that the program takes, or they were switched off by `--reruns 0`."));
    return box;
  }
  const [viewer, owner] = [model.parties[all.viewer], model.parties[all.owner]];
  const low = all.observed.filter((one) => one.p < 0.01).length;
  box.append(
    html("p", {}, `When this page was made, the program was run ${count(all.runs)} times with each of two secrets of `,
      html("b", {}, owner), ", each time with fresh randomness, and what ", html("b", {}, viewer), " sees was noted:"),
    html("ul", { class: "secrets" }, all.secrets.map((secret, n) =>
      html("li", { class: `secret${n}` }, html("code", {}, secret)))),
    html("p", {}, all.same_outputs ? `${viewer} is told the same outputs with both.`
      : `${viewer} is told different outputs with these secrets, as the program says. No other secret with the same ` +
        "outputs was found. What is marked “told” comes with them, and may differ."),
    html("p", {}, `Each picture counts the ${all.bits} lowest bits of one message to ${viewer}, or of ${viewer}'s share or label of ` +
      "a value. A single run looks different each time; if the protocol hides the secret, both colors have the same " +
      "distribution. p is the probability, by a chi-square test, that counts of one distribution differ at least as much. " +
      `Here ${counted(low, "picture")} of ${all.observed.length} ${low === 1 ? "has" : "have"} p < 0.01; chance alone makes ` +
      `about ${(all.observed.length / 100).toFixed(1)}.`),
    html("div", { class: "pictures" }, all.observed.map((one) => picture(model, one, viewer, go))),
    html("p", { class: "note" }, "This is no proof. Single numbers that look alike may still give something away together, and a small " +
      `difference needs more than ${count(all.runs)} runs to show. Oblivious transfers are ideal in the simulation, so their ` +
      "messages aren't compared. That a view can be simulated without the secret is proved in the papers that the steps cite."));
  return box;
}

function picture(model, one, viewer, go) {
  const size = one.counts[0].length;
  const most = Math.max(...one.counts.flat());
  const width = size * (2 * BAR + 4);
  const bars = one.counts.map((list, secret) => list.map((number, n) => {
    const height = Math.round((number / most) * TALL);
    return svg("rect", { x: n * (2 * BAR + 4) + secret * BAR + 2, y: TALL - height, width: BAR - 1, height,
      class: `bar${secret}` });
  }));
  const what = one.kind === "message" ? `message: ${one.what}` : `${viewer}'s part of ${made(model, one.step)}`;
  const told = one.told ? " (told)" : "";
  return html("figure", {}, svg("svg", { width, height: TALL + 2, viewBox: `0 0 ${width} ${TALL + 2}`, role: "img",
    "aria-label": `Counts of ${size} numbers with the first secret: ${one.counts[0].join(", ")}; with the second: ` +
      `${one.counts[1].join(", ")}` }, bars, svg("line", { x1: 0, x2: width, y1: TALL + 1, y2: TALL + 1, class: "axis" })),
    html("figcaption", {}, link(`step ${one.step}`, () => go(one.step), `Go to step ${one.step}`),
      `, ${what}${told}`, html("br"), html("span", { class: one.p < 0.01 ? "low" : "" }, `p = ${one.p.toFixed(3)}`)));
}

function made(model, step) {
  const [value] = model.steps[step].makes;
  return value === undefined ? "a value" : model.name(value);
}
