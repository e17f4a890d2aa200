" Syntax highlighting for Ez.
if exists("b:current_syntax")
  finish
endif

syn keyword ezControl if else for in while return break continue
syn keyword ezDeclaration party compute param const struct fn import let
syn keyword ezLabel public secret
syn keyword ezType bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 fixed
syn keyword ezBoolean true false
syn keyword ezSpecial all parties input assert
syn keyword ezRelease output reveal

" If several matches begin at the same place, the one that is defined last wins.
syn match ezOperator "[-+*/%&|^~!<>=?]"
syn match ezOperator "[-+*/%&|^!<>=]="
syn match ezOperator "<<\|>>\|&&\|||\|\*\*"
syn match ezOperator "<<=\|>>=\|\*\*="
syn match ezOperator "->"
syn match ezDelimiter "[][(){},:;.]"
syn match ezDelimiter "::"
syn match ezOperator "\.\.\.\?"
syn match ezAttribute "#\s*\[[^]]*\]"
syn match ezLabel "@[A-Za-z_0-9]*"
syn match ezFunction "[A-Za-z_][A-Za-z_0-9]*\(\s*\((\|::\)\)\@="
syn match ezIllegal "\<[0-9][A-Za-z_0-9]*"
syn match ezNumber "\<[0-9][0-9_]*\>"
syn match ezNumber "\<0[xX][0-9A-Fa-f_]*\>"
syn match ezNumber "\<0[bB][01_]*\>"
syn match ezNumber "\<[0-9][0-9_]*\.[0-9][0-9_]*\([eE][-+]\?[0-9]\+\)\?\>"
syn match ezNumber "\<[0-9][0-9_]*[eE][-+]\?[0-9]\+\>"

syn match ezEscape contained "\\[\\\"nt]"
syn region ezString start=+"+ skip=+\\.+ end=+"+ oneline contains=ezEscape
syn region ezComment start="/\*" end="\*/" contains=@Spell
syn match ezComment "//.*" contains=@Spell
syn match ezDoc "///.*" contains=@Spell
syn match ezComment "////.*" contains=@Spell

hi def link ezControl Conditional
hi def link ezDeclaration Keyword
hi def link ezAttribute PreProc
hi def link ezLabel StorageClass
hi def link ezType Type
hi def link ezBoolean Boolean
hi def link ezSpecial Special
hi def link ezRelease Exception
hi def link ezOperator Operator
hi def link ezDelimiter Delimiter
hi def link ezFunction Function
hi def link ezNumber Number
hi def link ezIllegal Error
hi def link ezEscape SpecialChar
hi def link ezString String
hi def link ezComment Comment
hi def link ezDoc SpecialComment

let b:current_syntax = "ez"
