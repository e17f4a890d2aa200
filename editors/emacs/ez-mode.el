;;; ez-mode.el --- Ez, with its language server  -*- lexical-binding: t; -*-

;; Emacs 29 or later. Add to init.el: (load "PATH/editors/emacs/ez-mode.el")

(require 'eglot)

(define-generic-mode ez-mode
  '("//" ("/*" . "*/"))
  '("party" "import" "param" "const" "struct" "fn" "let" "if" "else" "for" "in" "while"
    "return" "break" "continue" "public" "secret" "all" "parties" "input" "output" "reveal"
    "assert" "true" "false")
  '(("\\_<\\(bool\\|fixed\\|u?int\\(8\\|16\\|32\\|64\\)\\)\\_>" . font-lock-type-face)
    ("@[A-Za-z_0-9]+" . font-lock-type-face))
  '("\\.ez\\'")
  (list (lambda () (setq-local indent-tabs-mode nil tab-width 4) (eglot-ensure)))
  "Major mode for Ez.")

(add-to-list 'eglot-server-programs '(ez-mode . ("ezlang" "lsp")))

(defun ez-run-command (_server _command arguments)
  "Run the command line that the server gives in a compilation buffer."
  (compile (aref arguments 0) t))

(dolist (name '(ezlang.run ezlang.cost ezlang.trace))
  (cl-defmethod eglot-execute-command (server (command (eql name)) arguments)
    (ez-run-command server command arguments)))

(provide 'ez-mode)
;;; ez-mode.el ends here
