// The page: its state, its controls, and what is drawn when the state changes.

import { messageDetails, valueDetails } from "./details.js";
import { colored } from "./knowledge.js";
import { arrows } from "./messages.js";
import { Model } from "./model.js";
import { dealtRows, partsOf } from "./parts.js";
import { heads, valueRow } from "./parties.js";
import { rerunsView } from "./reruns.js";
import { sourceView } from "./source.js";
import { cited, count, counted, html, listed } from "./text.js";

const PAUSE = 1600;
const ROWS = 12;
const MOST_NAMED = 400;
const byId = (id) => document.getElementById(id);
const read = (id) => JSON.parse(byId(id).textContent);
const model = new Model(read("trace"), read("explanations"));
const state = { step: 0, view: null, selected: null, everything: false, playing: null };
const { trace } = model;

// Moving

const everyStep = model.steps.map((_, step) => step);
const withSecrets = everyStep.filter((step) => model.isInteresting(step));
const stops = () => (state.everything ? everyStep : withSecrets);

function go(step) {
  state.step = Math.max(0, Math.min(step, model.steps.length - 1));
  state.selected = null;
  if (!stops().includes(state.step)) everything(true);
  draw();
  byId("live").textContent = told();
}
go.current = () => state.step;

function move(by) {
  const list = stops();
  const next = list[list.indexOf(state.step) + by];
  if (next !== undefined) go(next);
  else stop();
}

function told() {
  const sent = model.messages(state.step);
  const messages = sent.length ? `${counted(sent.length, "message")}, ${count(model.bytes(state.step))} bytes` : "no messages";
  return `Step ${state.step}: ${model.title(state.step)}, ${model.place(state.step)}, ${messages}.`;
}

function stop() {
  clearInterval(state.playing);
  state.playing = null;
  showControls();
}

function play() {
  if (state.playing) return stop();
  if (state.step === stops().at(-1)) go(0);
  state.playing = setInterval(() => move(1), PAUSE);
  return showControls();
}

function view(party) {
  state.view = party;
  draw();
  const who = party === null ? "all parties" : model.columns[party];
  byId("live").textContent = `Showing what ${who} can see.`;
}

function select(selected) {
  state.selected = selected;
  draw();
  byId("details").focus({ preventScroll: false });
}

// Drawing

const source = sourceView(model, go);

function drawHead() {
  const { bytes, rounds, ands } = trace.totals;
  const sent = bytes.map((one, party) => `${model.parties[party]} sent ${count(one)} bytes`);
  const gates = ands ? `, ${counted(ands, "AND gate")}` : "";
  byId("title").textContent = `${trace.program.name}: a run of ${listed(model.parties)}`;
  byId("summary").textContent = `${counted(rounds, "round")}${gates}; ${listed(sent)}. ` +
    `Protocol: ${trace.program.protocol}. Preprocessing: ${trace.preprocessing}${dealt()}.`;
}

function dealt() {
  const bytes = model.dealing.reduce((sum, one) => sum + (one.purpose === "corrections" ? one.bytes : 0), 0);
  return trace.dealer ? `, ${count(bytes)} bytes to ${model.parties[1]} before the run` : "";
}

function button(text, label, onclick, pressed = null, extra = {}) {
  return html("button", { type: "button", "aria-label": label, title: label, onclick,
    "aria-pressed": pressed === null ? null : String(pressed), ...extra }, text);
}

function choice(label, options, chosen) {
  const box = html("select", { "aria-label": label, onchange: () => {
    if (box.value !== "") chosen(Number(box.value));
    box.value = "";
  } });
  const fill = (list) => box.replaceChildren(html("option", { value: "" }, label),
    ...list.map(([value, text]) => html("option", { value }, text)));
  fill(options);
  return { box, fill };
}

const firstOfRound = new Map();
for (const message of trace.messages) {
  if (!firstOfRound.has(message.round)) firstOfRound.set(message.round, message.step);
}
const rounds = [...firstOfRound].sort(([a], [b]) => a - b).map(([round, step]) => [step, `round ${round}`]);
const named = model.values.map((one, n) => [n, one]).filter(([, one]) => one.name && one.operation !== null)
  .map(([n, one]) => [n, `${one.name} (step ${one.step})`]);

function places() {
  const found = new Map();
  for (const step of stops()) {
    const place = model.place(step);
    if (!found.has(place)) found.set(place, step);
  }
  return [...found].map(([place, step]) => [step, place]);
}

/** Stop at every step, or at those that have to do with secrets. */
function everything(on) {
  state.everything = on;
  if (!stops().includes(state.step)) state.step = stops().findLast((step) => step <= state.step) ?? 0;
  controls.lines.fill(places());
  if (controls.box) controls.box.checked = on;
}

function makeControls() {
  const slider = html("input", { type: "range", min: 0, "aria-label": "Step",
    oninput: () => go(stops()[Number(slider.value)]) });
  const player = button("", "Play (space)", play, null, { class: "play" });
  const views = [null, ...model.columns.keys()].map((party) => ({ party, button: button(
    party === null ? "Everything" : `as ${model.columns[party]}`,
    party === null ? "See everything" : `View as ${model.columns[party]}`, () => view(party), false) }));
  const hidden = everyStep.length - withSecrets.length;
  const box = hidden ? html("input", { type: "checkbox", onchange: () => {
    everything(box.checked);
    draw();
  } }) : null;
  const lines = choice("Line…", places(), go);
  byId("controls").append(
    html("div", { class: "buttons" },
      button("|◀", "First step (Home)", () => go(stops()[0])), button("◀", "Step back (←)", () => move(-1)), player,
      button("▶", "Step (→)", () => move(1)), button("▶|", "Last step (End)", () => go(stops().at(-1)))),
    slider,
    html("div", { class: "views", role: "group", "aria-label": "View as" }, "See ", views.map((one) => one.button)),
    html("div", { class: "jumps" }, choice("Round…", rounds, go).box, lines.box,
      choice("Value…", named.slice(0, MOST_NAMED), (n) => {
        go(model.values[n].step);
        select({ value: n });
      }).box,
      box && html("label", {}, box, `${counted(hidden, "public step")}, too`)));
  return { slider, player, views, lines, box };
}

function showControls() {
  const { slider, player, views } = controls;
  slider.max = stops().length - 1;
  slider.value = stops().indexOf(state.step);
  slider.setAttribute("aria-valuetext", told());
  player.textContent = state.playing ? "❚❚ Pause" : "▶\uFE0E Play";
  player.setAttribute("aria-label", state.playing ? "Pause (space)" : "Play (space)");
  for (const one of views) one.button.setAttribute("aria-pressed", String(one.party === state.view));
}

function drawBanner() {
  const { step } = state;
  const rounds = model.rounds(step);
  const facts = [`Step ${step} of ${model.steps.length - 1}`, model.place(step)];
  if (rounds) facts.push(rounds, `${count(model.bytes(step))} bytes`);
  const texts = model.topics(step).map((topic) => model.explanations[topic]).filter((one) => one);
  const omitted = model.isOmitted(step) ? html("p", { class: "note" },
    `${counted(model.steps[step].omitted, "operation")} like earlier ones are summarised here, with all their ` +
    "messages. `ezlang trace --lines A-B` records lines in full.") : null;
  const code = [...new Set(model.operations(step).map((one) => model.sourceText(one)))].filter((one) => one);
  byId("banner").replaceChildren(
    html("p", { class: "facts" }, facts.join(" · ")),
    html("h2", {}, model.title(step)),
    code.length && !omitted ? html("p", { class: "snippet" }, code.slice(0, 3).map((one) =>
      html("code", {}, firstLine(one)))) : "",
    omitted ?? "", ...texts.slice(0, 2).map((one) => html("p", { class: "explained" }, cited(one.text))));
}

function firstLine(text) {
  const [line, ...rest] = text.split("\n");
  return rest.length || line.length > 100 ? `${line.slice(0, 100)} …` : line;
}

function rows(values, step) {
  const chosen = (value) => select({ value });
  const selected = state.selected?.value ?? null;
  const list = values.map((value) => valueRow(model, value, step, state.view, chosen, selected));
  const rest = list.splice(ROWS);
  if (!rest.length) return list;
  const more = html("button", { type: "button", class: "more", onclick: () => more.replaceWith(...rest) },
    `Show ${counted(rest.length, "more value")}`);
  return [...list, more];
}

function drawStage() {
  const { step } = state;
  const { reads, makes } = model.steps[step];
  const stage = byId("stage");
  const before = [...new Set(reads.flat())].filter((value) => !makes.includes(value));
  const sent = arrows(model, step, state.view, Math.max(260, stage.clientWidth - 2), (message) => select({ message }));
  const nothing = html("p", { class: "quiet" }, "No messages: nobody sends anything in this step.");
  const outputs = step === model.steps.length - 1 ? outcome() : [];
  stage.style.setProperty("--parties", model.columns.length);
  stage.replaceChildren(heads(model, state.view),
    ...(before.length ? [html("h3", {}, "Before"), ...rows(before, step - 1)] : []),
    ...dealtRows(model, step, state.view),
    ...(sent ? [html("h3", {}, "Messages"), sent] : [step ? nothing : ""]),
    ...(makes.length ? [html("h3", {}, "After"), ...rows([...new Set(makes)], step)] : []), ...outputs);
  drawParts(step);
}

/** The parts of a step; those that are open stay open when the view changes. */
function drawParts(step) {
  const box = byId("parts");
  const titles = [...box.querySelectorAll("details[open] > summary")].map((one) => one.textContent);
  const open = new Set(box.dataset.step === String(step) ? titles : []);
  const parts = partsOf(model, step, state.view) ?? [];
  for (const one of parts) one.open ||= open.has(one.querySelector("summary").textContent);
  box.replaceChildren(...parts);
  box.dataset.step = step;
}

const toldToAll = new Set(trace.operations.filter((one) => one.name === "output" && one.text.includes("to=all"))
  .map((one) => /name='(.*?)'/.exec(one.text)?.[1]));

function outcome() {
  const list = model.columns.map((name, party) => {
    const seen = state.view === null || state.view === party;
    const own = Object.entries(trace.outputs[name] ?? {}).map(([key, value]) =>
      `${key}: ${seen || toldToAll.has(key) ? shortened(JSON.stringify(value)) : "?"}`);
    return html("div", { class: `cell party${colored(model, party)}${seen ? "" : " unknown"}`, "data-party": name }, own.join("; ") || "nothing");
  });
  return [html("h3", {}, "Outputs of the run"), html("div", { class: "row" }, list)];
}

const shortened = (text) => (text.length > 200 ? `${text.slice(0, 199)}…` : text);

function drawDetails() {
  const { selected, step } = state;
  let parts = [];
  if (selected?.message) parts = messageDetails(model, selected.message, state.view);
  else if (selected) parts = valueDetails(model, selected.value, step, state.view, go, (value) => select({ value }));
  byId("details").replaceChildren(...parts.filter((one) => one));
  byId("details").hidden = !parts.length;
}

function drawAll() {
  const made = model.values.map((_, value) => value)
    .filter((value) => model.values[value].step <= state.step && model.values[value].origin !== "constant");
  const list = html("div", { class: "history" });
  list.style.setProperty("--parties", model.columns.length);
  const box = html("details", { class: "part", open: byId("all").querySelector("details")?.open ?? false,
    ontoggle: () => {
      if (box.open && !list.children.length) list.append(heads(model, state.view), ...rows(made.reverse(), state.step));
    } }, html("summary", {}, `All that the parties hold so far: ${counted(made.length, "value")}`), list);
  byId("all").replaceChildren(box);
}

function draw() {
  showControls();
  drawBanner();
  drawStage();
  drawDetails();
  drawAll();
  source.show(state.step);
  document.body.dataset.step = state.step;
}

// Keys

document.addEventListener("keydown", (event) => {
  const typing = ["SELECT", "TEXTAREA"].includes(event.target.tagName)
    || (event.target.tagName === "INPUT" && event.target.type !== "checkbox");
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const onButton = ["BUTTON", "SUMMARY", "INPUT"].includes(event.target.tagName) || event.target.closest("svg");
  const keys = { ArrowRight: () => move(1), ArrowLeft: () => move(-1), Home: () => go(0),
    End: () => go(stops().at(-1)), v: () => view(state.view === null ? 0
      : state.view + 1 < model.columns.length ? state.view + 1 : null) };
  if (!onButton) keys[" "] = play;
  const action = keys[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

function drawFoot() {
  const { executions, elements } = trace.limits;
  const omitted = model.steps.reduce((sum, one) => sum + (one.omitted ?? 0), 0);
  byId("foot").replaceChildren(
    html("p", {}, "A simulated run: all parties were in one process, and this page shows all their secrets. ",
      `Each operation is recorded up to ${counted(executions, "time")}, and ${elements} elements of a value. `,
      omitted ? `${counted(omitted, "further operation")} are summarised, with all messages.` : "Nothing is summarised."),
    html("p", {}, "Keys: ← → step, space plays, Home and End, v changes the view. Papers are cited by the keys of docs/references.md. ",
      `Made by ezlang with the seed ${trace.program.seed}.`));
}

byId("program").append(source.root);
byId("reruns").append(rerunsView(model, go));
drawHead();
drawFoot();
const controls = makeControls();
draw();
let width = innerWidth;
addEventListener("resize", () => {
  if (width !== innerWidth) draw();
  width = innerWidth;
});
document.body.dataset.ready = "yes";
