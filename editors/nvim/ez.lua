-- Ez in Neovim (0.7 or later): starts `ezlang lsp` for .ez files. Load it from init.lua:
--   dofile("PATH/editors/nvim/ez.lua")
for _, name in ipairs({ "run", "cost", "trace" }) do
  vim.lsp.commands["ezlang." .. name] = function(command)
    vim.cmd("botright split | terminal " .. command.arguments[1])
  end
end

vim.api.nvim_create_autocmd({ "BufNewFile", "BufRead" }, {
  pattern = "*.ez",
  command = "setfiletype ez",
})

local client
vim.api.nvim_create_autocmd("FileType", {
  pattern = "ez",
  callback = function(event)
    client = client or vim.lsp.start_client({
      name = "ezlang",
      cmd = { vim.g.ezlang or "ezlang", "lsp" },
      root_dir = vim.fn.fnamemodify(event.file, ":p:h"),
      on_exit = function()
        client = nil
      end,
    })
    if not client then
      return
    end
    vim.lsp.buf_attach_client(event.buf, client)
    local function map(keys, action)
      vim.keymap.set("n", keys, action, { buffer = event.buf })
    end
    vim.bo[event.buf].omnifunc = "v:lua.vim.lsp.omnifunc"
    map("K", vim.lsp.buf.hover)
    map("gd", vim.lsp.buf.definition)
    map("grr", vim.lsp.buf.references)
    map("grn", vim.lsp.buf.rename)
    map("gra", vim.lsp.buf.code_action)
    map("grl", vim.lsp.codelens.run)
    vim.api.nvim_create_autocmd({ "BufEnter", "InsertLeave" }, {
      buffer = event.buf,
      callback = vim.lsp.codelens.refresh,
    })
  end,
})
