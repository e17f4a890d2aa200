// Starts `ezlang lsp`, and runs the commands over `main` in a terminal.
const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

exports.activate = (context) => {
    for (const name of ["run", "cost", "trace"]) {
        const run = (line) => {
            const terminal =
                vscode.window.terminals.find((one) => one.name === "ezlang") ??
                vscode.window.createTerminal("ezlang");
            terminal.show();
            terminal.sendText(line);
        };
        context.subscriptions.push(vscode.commands.registerCommand(`ezlang.${name}`, run));
    }
    const command = vscode.workspace.getConfiguration("ezlang").get("path", "ezlang");
    client = new LanguageClient(
        "ezlang",
        "Ez",
        { command, args: ["lsp"] },
        { documentSelector: [{ language: "ez" }] },
    );
    return client.start();
};

exports.deactivate = () => client?.stop();
