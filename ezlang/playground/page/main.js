// The page: files, parties, commands, results, and the link that carries a program.

import { Editor } from "./editor.js";
import { highlighter } from "./highlight.js";

const PAUSE = 150; // milliseconds without a change after which a program is checked
const LARGEST = 1_000_000; // bytes of a request, as for the server
const COMMANDS = ["check", "leaks", "cost", "run", "trace"];
const MAIN = "main.ez";

const $ = (id) => document.getElementById(id);

function made(name, content = "", className = "") {
  const element = document.createElement(name);
  element.className = className;
  element.append(content);
  return element;
}

let files = {};
let shown = MAIN;
let parties = []; // [{name, inputs: [{name, type}]}], of the last text without errors
let timer = 0;
let checking = false;
let again = false;

const editor = new Editor(() => {
  files[shown] = editor.text;
  showOutputs({});
  later();
});

// What the server does

async function ask(action) {
  const body = JSON.stringify({ action, files });
  if (new Blob([body]).size > LARGEST) throw new Error("The program and its inputs are too large.");
  const headers = { "Content-Type": "application/json" };
  let answer;
  try {
    answer = await fetch("do", { method: "POST", headers, body });
  } catch {
    throw new Error("The playground does not answer: is `ezlang playground` still running?");
  }
  const told = await answer.json();
  if (told.refused !== undefined) throw new Error(told.refused);
  return told;
}

function later() {
  document.body.dataset.state = "changed";
  clearTimeout(timer);
  timer = setTimeout(diagnose, PAUSE);
}

async function diagnose() {
  if (checking) {
    again = true;
    return;
  }
  checking = true;
  const asked = JSON.stringify(files);
  try {
    const told = await ask("diagnose");
    if (told.code !== 0) throw new Error(told.limit ?? told.err);
    if (JSON.stringify(files) === asked) showDiagnosed(JSON.parse(told.out));
    $("status").textContent = "";
  } catch (error) {
    $("status").textContent = error.message;
  }
  checking = false;
  if (again || JSON.stringify(files) !== asked) {
    again = false;
    later();
  } else {
    document.body.dataset.state = "checked";
  }
}

async function command(action) {
  setBusy(true);
  try {
    showResult(action, await ask(action));
  } catch (error) {
    $("status").textContent = error.message;
  }
  setBusy(false);
}

function setBusy(busy) {
  for (const name of COMMANDS) $(name).disabled = busy;
  $("status").textContent = busy ? "Running…" : "";
}

// Problems

/** Return a place counted in characters as one counted in JavaScript's units. */
function units(text, characters) {
  return Array.from(text).slice(0, characters).join("").length;
}

function showDiagnosed({ diagnostics, parties: found }) {
  $("problems").replaceChildren(...diagnostics.map(problem));
  const here = diagnostics.filter((one) => one.span !== null && one.span.file === shown);
  editor.mark(
    here.map((one) => ({
      start: units(editor.text, one.span.start),
      end: units(editor.text, one.span.end),
      name: isWarning(one) ? "warning" : "wrong",
    })),
  );
  if (found !== null && JSON.stringify(found) !== JSON.stringify(parties)) {
    parties = found;
    showParties();
  }
}

const isWarning = (one) => one.code.startsWith("EZ6");

function problem(one) {
  const item = made("li", "", isWarning(one) ? "warned" : "");
  const span = one.span;
  const where = span === null ? "" : `${span.file === MAIN ? "" : span.file + " "}line ${span.line}: `;
  const button = made("button", `${where}${one.message} (${one.code})`);
  button.addEventListener("click", () => {
    if (span === null || !(span.file in files)) return;
    if (span.file !== shown) open(span.file);
    editor.goTo(units(editor.text, span.start), span.line);
  });
  item.append(button);
  const notes = one.notes.map((note) =>
    note.span === null ? note.message : `line ${note.span.line}: ${note.message}`,
  );
  for (const text of [one.label, ...notes, one.help && `Help: ${one.help}`]) {
    if (text) item.append(made("p", text));
  }
  return item;
}

// Files and parties

function open(name) {
  shown = name;
  editor.text = files[name];
  showTabs();
  later();
}

function showTabs() {
  const programs = Object.keys(files).filter((name) => name.endsWith(".ez"));
  programs.sort((one, two) => (two === MAIN) - (one === MAIN));
  const tabs = programs.map((name) => {
    const tab = made("button", name);
    tab.setAttribute("aria-pressed", name === shown);
    tab.addEventListener("click", () => open(name));
    return tab;
  });
  $("tabs").replaceChildren(...(programs.length > 1 ? tabs : []));
}

function showParties() {
  $("parties").replaceChildren(
    ...parties.map(({ name, inputs }, number) => {
      const card = made("section", "", `party party${number % 6}`);
      card.dataset.party = name;
      card.setAttribute("aria-label", name);
      card.append(made("h2", name), made("h3", "Inputs"));
      if (inputs.length > 0) card.append(inputBox(name, inputs));
      else card.append(made("p", "It is asked for nothing.", "note"));
      card.append(made("h3", "Outputs"), made("dl"));
      return card;
    }),
  );
}

function inputBox(party, inputs) {
  const box = made("div");
  const area = made("textarea");
  const file = `${party}.json`;
  const told = inputs.map(({ name, type }) => `${JSON.stringify(name)}: ${type}`).join(", ");
  area.value = files[file] ?? "";
  area.placeholder = `{${inputs.map(({ name }) => `${JSON.stringify(name)}: …`).join(", ")}}`;
  area.spellcheck = false;
  area.setAttribute("aria-label", `${party}'s inputs, as JSON`);
  area.addEventListener("input", () => {
    if (area.value.trim() === "") delete files[file];
    else files[file] = area.value;
    showOutputs({});
  });
  box.append(area, made("p", told, "note"));
  return box;
}

function showOutputs(outputs) {
  for (const card of $("parties").children) {
    const named = Object.entries(outputs[card.dataset.party] ?? {});
    card.querySelector("dl").replaceChildren(
      ...named.flatMap(([name, value]) => [made("dt", name), made("dd", JSON.stringify(value))]),
    );
  }
}

// Results

function showResult(action, told) {
  const ran = action === "run" && told.code === 0;
  $("result").hidden = false;
  $("command").textContent = told.command;
  $("limit").hidden = told.limit === null;
  $("limit").textContent = told.limit ?? "";
  if (ran) {
    const { outputs, cost, seconds } = JSON.parse(told.out);
    showOutputs(outputs);
    $("out").textContent = told.err + costText(cost, seconds);
  } else {
    if (action === "run") showOutputs({});
    $("out").textContent = [told.out, told.err].filter((text) => text !== "").join("\n");
  }
  $("traced").hidden = told.trace === null;
  $("frame").hidden = told.trace === null;
  if (told.trace === null) {
    $("frame").removeAttribute("src");
  } else {
    $("frame").src = told.trace;
    $("whole").href = told.trace;
  }
  document.body.dataset.done = action;
  if (action !== "run" || !ran) $("result").scrollIntoView({ block: "nearest" });
}

function costText(cost, seconds) {
  if (cost === undefined) return "";
  const sent = Object.entries(cost.bytes).map(([name, count]) => `${name} ${count.toLocaleString("en")}`);
  const gates = cost.ands === undefined ? "" : `, ${cost.ands.toLocaleString("en")} AND gates`;
  const times = Object.entries(seconds).map(([part, time]) => `${part} ${time.toFixed(3)} s`);
  return `Cost: ${cost.rounds} rounds${gates}; bytes sent: ${sent.join(", ")}.\nTime: ${times.join(", ")}.\n`;
}

// Programs: of the menu, and of links

function load(given) {
  files = { ...given };
  parties = [];
  shown = MAIN;
  delete document.body.dataset.done;
  $("parties").replaceChildren();
  $("problems").replaceChildren();
  $("result").hidden = true;
  open(MAIN);
}

function encoded(given) {
  const bytes = new TextEncoder().encode(JSON.stringify(given));
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Return the files that a link carries; null if it carries none. */
function decoded(fragment) {
  try {
    const text = atob(fragment.replace(/^#/, "").replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
    const given = JSON.parse(new TextDecoder().decode(bytes));
    const texts = Object.values(given);
    return typeof given[MAIN] === "string" && texts.every((one) => typeof one === "string") ? given : null;
  } catch {
    return null;
  }
}

async function copyLink() {
  history.replaceState(null, "", `#${encoded(files)}`);
  try {
    await navigator.clipboard.writeText(location.href);
    $("status").textContent = "The link is copied. It carries the program and its inputs.";
  } catch {
    $("status").textContent = "The link is the address of this page. It carries the program and its inputs.";
  }
}

function loadLink() {
  const given = decoded(location.hash);
  if (given === null) return false;
  $("examples").value = "";
  load(given);
  return true;
}

async function start() {
  const { words, types, examples } = await (await fetch("start.json")).json();
  editor.highlight = highlighter(words, types);
  const names = Object.keys(examples);
  const choice = made("option", names.length > 0 ? "choose one" : "none are installed");
  choice.value = "";
  $("examples").append(choice, ...names.map((name) => made("option", name)));
  $("examples").addEventListener("change", () => {
    const chosen = examples[$("examples").value];
    if (chosen === undefined) return;
    history.replaceState(null, "", location.pathname);
    load(chosen);
  });
  for (const name of COMMANDS) $(name).addEventListener("click", () => command(name));
  $("link").addEventListener("click", copyLink);
  window.addEventListener("hashchange", loadLink);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !$("run").disabled) {
      event.preventDefault();
      command("run");
    }
  });
  if (loadLink()) return;
  if (names.length > 0) $("examples").value = names[0];
  load(examples[names[0]] ?? { [MAIN]: "party alice, bob;\n\nfn main() {\n}\n" });
}

start();
