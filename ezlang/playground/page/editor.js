// The editor: a text area under whose text the colours and the marks of problems are shown.

import { showPieces } from "./highlight.js";

const INDENT = "    ";

/** The editor of one text; `changed` is called after each change that the user makes. */
export class Editor {
  constructor(changed) {
    this.area = document.getElementById("text");
    this.layers = ["colors", "marks", "numbers"].map((id) => document.getElementById(id));
    this.highlight = (text) => [["", text]];
    let leaving = false;
    this.area.addEventListener("input", () => {
      this.show();
      changed();
    });
    this.area.addEventListener("scroll", () => this.follow());
    this.area.addEventListener("keydown", (event) => {
      if (event.key === "Tab" && !event.shiftKey && !leaving) {
        event.preventDefault();
        document.execCommand("insertText", false, INDENT);
      }
      leaving = event.key === "Escape";
    });
  }

  get text() {
    return this.area.value;
  }

  set text(text) {
    this.area.value = text;
    this.area.setSelectionRange(0, 0);
    this.area.scrollTo(0, 0);
    this.show();
  }

  /** Show the text's colours, and no marks: those of an earlier text are at wrong places. */
  show() {
    const [colors, marks, numbers] = this.layers;
    showPieces(colors, this.highlight(this.text));
    marks.replaceChildren();
    const lines = this.text.split("\n").length;
    numbers.textContent = Array.from({ length: lines }, (_, line) => line + 1).join("\n");
    this.follow();
  }

  /** Scroll the colours, marks and numbers to where the text is. */
  follow() {
    for (const layer of this.layers) {
      layer.scrollTop = this.area.scrollTop;
      layer.scrollLeft = this.area.scrollLeft;
    }
  }

  /** Mark places {start, end, name}, in the units of JavaScript's texts. */
  mark(places) {
    const pieces = [];
    let done = 0;
    for (const { start, end, name } of [...places].sort((one, two) => one.start - two.start)) {
      if (start < done) continue;
      pieces.push(["", this.text.slice(done, start)]);
      pieces.push([name, this.text.slice(start, Math.max(end, start + 1))]);
      done = Math.max(end, start + 1);
    }
    pieces.push(["", this.text.slice(done)]);
    showPieces(this.layers[1], pieces);
    this.follow();
  }

  /** Put the cursor at a place and show it. */
  goTo(start, line) {
    this.area.focus();
    this.area.setSelectionRange(start, start);
    const height = parseFloat(getComputedStyle(this.area).lineHeight);
    this.area.scrollTop = Math.max(0, (line - 4) * height);
  }
}
