" Ez in Vim 9 with the plugin vim-lsp (github.com/prabirshrestha/vim-lsp). Load it from vimrc:
"   source PATH/editors/vim/ezlang.vim
autocmd User lsp_setup call lsp#register_server({
      \ 'name': 'ezlang',
      \ 'cmd': ['ezlang', 'lsp'],
      \ 'allowlist': ['ez'],
      \ })

function! s:run(context) abort
  execute 'terminal ' . a:context.command.arguments[0]
endfunction

autocmd User lsp_setup call lsp#register_command('ezlang.run', function('s:run'))
autocmd User lsp_setup call lsp#register_command('ezlang.cost', function('s:run'))
autocmd User lsp_setup call lsp#register_command('ezlang.trace', function('s:run'))
