// The messages of a step as arrows between the lifelines of the parties.

import { colored, reads } from "./knowledge.js";
import { count, counted, html, svg } from "./text.js";

const HEIGHT = 40;
const SHOWN = 12;

/** The arrows of a step's messages, in a width in pixels; `select` opens one. */
export function arrows(model, step, view, width, select, all = false) {
  const messages = model.arrows(step);
  if (!messages.length) return null;
  const shown = all ? messages : messages.slice(0, SHOWN);
  const centers = model.columns.map((_, n) => (width * (n + 0.5)) / model.columns.length);
  const height = HEIGHT * shown.length + 16;
  const heads = model.columns.map((_, n) =>
    svg("marker", { id: `head${n}`, viewBox: "0 0 10 10", refX: 9, refY: 5, markerWidth: 7,
      markerHeight: 7, orient: "auto" },
      svg("path", { d: "M0 0L10 5L0 10z", class: `fill${colored(model, n)}` })));
  const drawing = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "group",
    "aria-label": counted(messages.length, "message") }, svg("defs", {}, heads),
    centers.map((x) => svg("line", { x1: x, x2: x, y1: 0, y2: height, class: "life" })),
    shown.map((one, n) => arrow(model, one, n, centers, width, view, select)));
  const box = html("div", { class: "arrows" }, drawing);
  const rest = messages.slice(shown.length);
  if (rest.length) {
    const bytes = rest.reduce((sum, one) => sum + one.bytes, 0);
    const text = `Show ${counted(rest.length, "more message")} (${count(bytes)} bytes)`;
    const more = () => box.replaceWith(arrows(model, step, view, width, select, true));
    box.append(html("button", { type: "button", class: "more", onclick: more }, text));
  }
  return box;
}

function arrow(model, message, place, centers, width, view, select) {
  const y = HEIGHT * place + 30;
  const [from, to] = [centers[message.sender], centers[message.receiver]];
  const away = Math.sign(to - from) * 6;
  const seen = reads(view, message);
  const color = colored(model, message.sender);
  const several = message.count > 1 ? `${count(message.count)} × ` : "";
  const brief = `${several}${message.purpose} · ${count(message.bytes)} B`;
  const when = message.round === null ? "before the run" : `round ${message.round} of ${model.columns[message.receiver]}`;
  const text = `${brief} · ${when}`;
  const who = `${model.columns[message.sender]} to ${model.columns[message.receiver]}`;
  const middle = (from + to) / 2;
  const reach = Math.min(middle, width - middle, message.round === null ? Math.abs(to - from) / 2 + 40 : width) - 8;
  const fits = Math.max(6, Math.floor((2 * reach) / 7.4));
  const choose = () => select(message);
  return svg("g", { class: seen ? "arrow" : "arrow hidden", tabindex: 0, role: "button",
    "aria-label": `${who}: ${text}`, onclick: choose,
    onkeydown: (event) => (event.key === "Enter" || event.key === " ") && (event.preventDefault(), choose()) },
    svg("title", {}, `${who}: ${text}`),
    svg("rect", { x: Math.min(from, to), y: y - 24, width: Math.abs(to - from), height: 34, class: "hit" }),
    svg("line", { x1: from + away, x2: to - away, y1: y, y2: y, class: `shaft stroke${color}`,
      "marker-end": `url(#head${message.sender})` }),
    svg("text", { x: middle, y: y - 8, "text-anchor": "middle" },
      text.length <= fits ? text : brief.length <= fits ? brief : `${brief.slice(0, fits - 1)}…`));
}
