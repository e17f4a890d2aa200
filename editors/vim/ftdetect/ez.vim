" Detection of Ez files.
autocmd BufNewFile,BufRead *.ez setfiletype ez
