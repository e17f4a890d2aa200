// Elements and text: what all other modules write with.

const SVG = "http://www.w3.org/2000/svg";

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(9).filter((child) => child !== null && child !== undefined));
  return element;
}

/** An HTML element with attributes, listeners (`onclick`) and children. */
export function html(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** The same in SVG. */
export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

/** A button that looks like text. */
export function link(text, onclick, label = null) {
  return html("button", { type: "button", class: "link", onclick, "aria-label": label }, text);
}

/** A number with separators of thousands. */
export function count(number) {
  return Number(number).toLocaleString("en");
}

/** A number and what it counts. */
export function counted(number, one, many = one + "s") {
  return `${count(number)} ${number === 1 ? one : many}`;
}

/** The first and last digits of a long hexadecimal number. */
export function short(hex) {
  return hex.length > 16 ? `${hex.slice(0, 4)}…${hex.slice(-8)}` : hex;
}

/** Words joined as in a sentence. */
export function listed(words) {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} and ${words[words.length - 1]}`;
}

/** A paragraph in which the keys of papers are marked. */
export function cited(text) {
  const parts = text.split(/(\[[A-Z][A-Za-z+0-9-]*\d\d\]|`[^`]*`)/);
  return parts.map((part) => {
    if (part.startsWith("[")) return html("cite", {}, part);
    if (part.startsWith("`")) return html("code", {}, part.slice(1, -1));
    return part;
  });
}
