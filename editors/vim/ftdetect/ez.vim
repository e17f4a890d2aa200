" Files of the language Ez.
autocmd BufNewFile,BufRead *.ez setfiletype ez
