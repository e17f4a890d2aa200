// The colours of a program's text: words, types, labels, numbers, texts, comments.

const TOKEN = new RegExp(
  [
    String.raw`(?<comment>\/\/.*|\/\*[\s\S]*?(?:\*\/|$))`,
    String.raw`(?<string>"(?:\\.|[^"\\\n])*"?)`,
    String.raw`(?<number>\b\d[\w]*(?:\.\d[\w]*)?)`,
    String.raw`(?<label>@\w*|\b(?:secret|public)\b|#[ \t]*\[[^\]\n]*\])`,
    String.raw`(?<name>\b[A-Za-z_]\w*)(?<opens>\s*(?:\(|::))?`,
  ].join("|"),
  "g",
);

/** Return a function that cuts a text into pieces [class, text], given the language's words. */
export function highlighter(words, types) {
  const reserved = new Set(words);
  const scalars = new Set(types);
  const kind = (found) => {
    const groups = found.groups;
    if (groups.name === undefined) {
      return Object.keys(groups).find((key) => groups[key] !== undefined);
    }
    if (scalars.has(groups.name)) return "type";
    if (reserved.has(groups.name)) return "word";
    return groups.opens === undefined ? "" : "call";
  };
  return (text) => {
    const pieces = [];
    let done = 0;
    for (const found of text.matchAll(TOKEN)) {
      const token = found.groups.name ?? found[0];
      pieces.push(["", text.slice(done, found.index)], [kind(found), token]);
      done = found.index + token.length;
    }
    pieces.push(["", text.slice(done)]);
    return pieces.filter(([, piece]) => piece !== "");
  };
}

/** Show pieces [class, text] in an element. */
export function showPieces(element, pieces) {
  element.replaceChildren(
    ...pieces.map(([name, text]) => {
      if (name === "") return document.createTextNode(text);
      const span = document.createElement("span");
      span.className = name;
      span.textContent = text;
      return span;
    }),
  );
}
